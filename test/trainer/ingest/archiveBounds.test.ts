import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { numbers, rawZip } from './rawZip.js'
import { noise } from './uploads.js'

const script = join(fileURLToPath(import.meta.url), '..', 'openProcess.mjs')

interface Outcome {
  /** Of the failure; null where there was none. */
  code: string | null
  message: string
  files: number
  /** Files whose bytes could not be read. */
  damaged: number
  /** How much the process grew at most. */
  megabytes: number
  /** Of its processor, all threads together. */
  seconds: number
}

/** Opens an archive and reads all of it, in a process of its own. */
async function openElsewhere(archive: Uint8Array | readonly Uint8Array[], maxEntries = 2_000_000): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'imclr-bounds-'))
  try {
    await writeFile(join(folder, 'archive'), archive instanceof Uint8Array ? [archive] : archive)
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      join(folder, 'archive'),
      folder,
      String(maxEntries),
    ])
    return JSON.parse(stdout) as Outcome
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Claimed {
  name: string
  offset: number
  packed: number
  bytes: number
  extra?: Uint8Array
  comment?: Uint8Array
}

/** A zip whose directory claims what it likes of the bytes before it. */
function zipClaiming(body: readonly Uint8Array[], entries: readonly Claimed[], method = 8): Uint8Array[] {
  const central = entries.map(({ name, offset, packed, bytes, extra = new Uint8Array(), comment = new Uint8Array() }) =>
    Buffer.concat([
      Buffer.from('PK\x01\x02', 'latin1'),
      numbers('HHHHHHIIIHHHHHII', [
        20,
        20,
        0,
        method,
        0,
        0,
        0,
        packed,
        bytes,
        name.length,
        extra.length,
        comment.length,
        0,
        0,
        0,
        offset,
      ]),
      Buffer.from(name),
      extra,
      comment,
    ]),
  )
  const [start, length] = [body, central].map((parts) => parts.reduce((sum, { length: own }) => sum + own, 0))
  const count = Math.min(entries.length, 0xffff)
  return [
    ...body,
    ...central,
    Buffer.concat([
      Buffer.from('PK\x05\x06', 'latin1'),
      numbers('HHHHIIH', [
        0,
        0,
        entries.length === count ? count : entries.length % 65_536,
        count === entries.length ? count : entries.length % 65_536,
        length!,
        start!,
        0,
      ]),
    ]),
  ]
}
const localHeader = (name: string, packed: number, bytes: number) =>
  Buffer.concat([
    Buffer.from('PK\x03\x04', 'latin1'),
    numbers('HHHHHIIIHH', [20, 0, 8, 0, 0, 0, packed, bytes, name.length, 0]),
    Buffer.from(name),
  ])

/** A tar header with its checksum. @param size what stands in the field, where it is no honest one */
function tarHeader(name: string, bytes: number, { type = '0', size }: { type?: string; size?: Buffer } = {}): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100, 'latin1')
  header.set(size ?? Buffer.from(`${bytes.toString(8).padStart(11, '0')}\0`), 124)
  header.write(`${' '.repeat(8)}${type}`, 148, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  )
  return header
}
const blocks = (content: Uint8Array | string) =>
  Buffer.concat([Buffer.from(content as string), Buffer.alloc(-Buffer.from(content as string).length & 511)])
const picture = Buffer.concat([tarHeader('cat/1.png', 3), blocks('abc')])
const end = Buffer.alloc(1024)

describe('overlapping entries of a zip', () => {
  it.each([
    [5000, 20],
    [20_000, 60],
    [1000, 190],
  ])(
    'cost no more than their archive: %i over one blob of %i MB',
    async (count, megabytes) => {
      const unit = deflateRawSync(noise(1, 2 ** 20), { level: 0, finishFlush: 2 })
      const blob = Array.from({ length: megabytes }, () => unit)
      const packed = unit.length * megabytes
      const entries = Array.from({ length: count }, (_, i) => ({
        name: `cat/${String(i).padStart(5, '0')}.png`,
        offset: 0,
        packed,
        bytes: 100,
      }))
      const {
        code,
        message,
        seconds,
        megabytes: grown,
      } = await openElsewhere(zipClaiming([localHeader('cat/x.png', packed, 100), ...blob], entries))
      expect([code, message]).toEqual(['ARCHIVE_UNSAFE', expect.stringContaining('lie over each other')])
      expect(seconds).toBeLessThan(0.5 + megabytes / 100) // most of it is writing the archive to the disk
      expect(grown).toBeLessThan(60)
    },
    60_000,
  )

  it.each([
    [
      'of which each begins in the other',
      [
        { name: 'a/1', offset: 0, packed: 1000, bytes: 1000 },
        { name: 'a/2', offset: 900, packed: 500, bytes: 500 },
      ],
      'lie over each other',
    ],
    [
      'that go on beyond the archive',
      [{ name: 'a/1', offset: 0, packed: 5000, bytes: 5000 }],
      'more than the archive has',
    ],
    ['that begin beyond it', [{ name: 'a/1', offset: 2 ** 32 - 2, packed: 5, bytes: 5 }], 'more than the archive has'],
  ])('are refused: two %s', async (_, entries, words) => {
    const { code, message } = await openElsewhere(zipClaiming([localHeader('a/1', 0, 0), Buffer.alloc(2000)], entries))
    expect([code, message]).toEqual(['ARCHIVE_UNSAFE', expect.stringContaining(words)])
  })

  it('do not include headers that are longer than the directory says: no more is read than the file has', async () => {
    // Local headers claim 65,535 bytes of extra fields, so that each entry's bytes lie in entries behind it.
    const count = 2000
    const header = Buffer.concat([
      Buffer.from('PK\x03\x04', 'latin1'),
      numbers('HHHHHIIIHH', [20, 0, 0, 0, 0, 0, 100, 100, 3, 0xffff]),
      Buffer.from('a/1'),
    ])
    const one = Buffer.concat([header, Buffer.alloc(100)])
    const outcome = await openElsewhere(
      zipClaiming(
        Array.from({ length: count }, () => one),
        Array.from({ length: count }, (_, i) => ({
          name: `a/${i % 10}`,
          offset: i * one.length,
          packed: 100,
          bytes: 100,
        })),
        0,
      ),
    )
    expect(outcome.code).toBe('DATASET_INVALID') // the same path many times
    expect([outcome.files, outcome.damaged]).toEqual([10, 10])
  })
})

describe('the size that an entry claims', () => {
  it('ends the reading: packed bytes behind it are read once, and no more', async () => {
    const bomb = deflateRawSync(Buffer.alloc(400 * 2 ** 20)) // 400 KB
    const entry = { name: 'cat/1.png', offset: 0, packed: bomb.length, bytes: 2 ** 20 }
    const honest = await openElsewhere(zipClaiming([localHeader('cat/1.png', bomb.length, 2 ** 20), bomb], [entry]))
    expect([honest.code, honest.files, honest.damaged]).toEqual([null, 1, 1])
    expect(honest.megabytes).toBeLessThan(60)
    expect(honest.seconds).toBeLessThan(1)
  })

  it('is refused if the packed bytes are many more than the unpacked ones', async () => {
    const unit = deflateRawSync(noise(1, 2 ** 20), { level: 0, finishFlush: 2 })
    const body = Array.from({ length: 150 }, () => unit)
    const outcome = await openElsewhere(
      zipClaiming(
        [localHeader('cat/1.png', unit.length * 150, 100), ...body],
        [{ name: 'cat/1.png', offset: 0, packed: unit.length * 150, bytes: 100 }],
      ),
    )
    expect([outcome.code, outcome.message]).toEqual([
      'DATASET_INVALID',
      expect.stringMatching(/claims \d+ packed bytes for 100 unpacked ones/),
    ])
    expect(outcome.megabytes).toBeLessThan(60)
  }, 60_000)
})

describe('many entries', () => {
  const emptyFiles = (count: number) =>
    Buffer.concat([
      ...Array.from({ length: count }, (_, i) => tarHeader(`class-${i % 10}/${String(i).padStart(6, '0')}.png`, 0)),
      end,
    ])

  it('take less than a kilobyte of memory each, uncollected garbage included: 300,000 in a zip', async () => {
    const archive = rawZip(
      Array.from({ length: 300_000 }, (_, i) => ({ name: `class-${i % 10}/${String(i).padStart(6, '0')}.png` })),
    )
    const { code, files, megabytes } = await openElsewhere(archive)
    expect([code, files]).toEqual([null, 300_000])
    expect(megabytes).toBeLessThan(300)
  }, 120_000)

  it('take little more than a kilobyte of memory each in a tar: 100,000', async () => {
    const { code, files, megabytes } = await openElsewhere(emptyFiles(100_000))
    expect([code, files]).toEqual([null, 100_000])
    expect(megabytes).toBeLessThan(150)
  }, 120_000)

  it('are refused as a bomb if the upload is too small for so many: 100,000 in half a megabyte of gzip', async () => {
    const { code, message, megabytes } = await openElsewhere(gzipSync(emptyFiles(100_000), { level: 9 }))
    expect([code, message]).toEqual([
      'ARCHIVE_UNSAFE',
      expect.stringMatching(/more than \d+ entries, fewer than 32 bytes for each/),
    ])
    expect(megabytes).toBeLessThan(100)
  }, 60_000)

  it('are read up to the limit, however many more there are', async () => {
    const archive = rawZip(Array.from({ length: 300_000 }, (_, i) => ({ name: `cat/${i}` })))
    const { code, message, megabytes } = await openElsewhere(archive, 1000)
    expect([code, message]).toEqual(['DATASET_TOO_LARGE', expect.stringContaining('1000')])
    expect(megabytes).toBeLessThan(60)
  }, 60_000)

  it('take no memory for names, extra fields and comments of 64 KB: 390 MB of them', async () => {
    const large = new Uint8Array(65_000)
    const entries = Array.from({ length: 2000 }, (_, i) => ({
      name: `cat/${i}`.padEnd(65_000, 'x'),
      offset: i * 65_100,
      packed: 0,
      bytes: 0,
      extra: large,
      comment: large,
    }))
    const { code, message, megabytes } = await openElsewhere(
      zipClaiming([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(2000 * 65_100)], entries, 0),
    )
    expect([code, message]).toEqual(['ARCHIVE_UNSAFE', expect.stringContaining('2000 problems')])
    expect(megabytes).toBeLessThan(150)
  }, 60_000)
})

describe('a tar with false headers', () => {
  const pax = (record: string) => Buffer.concat([tarHeader('pax', record.length, { type: 'x' }), blocks(record)])
  it.each([
    [
      'a size to the base 256 of 2^64',
      [picture, tarHeader('cat/2.png', 0, { size: Buffer.from('80000000ffffffffffffffff', 'hex') }), end],
      /a size that no file has/,
    ],
    [
      'a size to the base 256 of 2^50',
      [picture, tarHeader('cat/2.png', 0, { size: Buffer.from('800000000004000000000000', 'hex') }), end],
      /claims 1125899906842624 bytes, more than are there/,
    ],
    [
      'a negative size',
      [picture, tarHeader('cat/2.png', 0, { size: Buffer.alloc(12, 0xff) }), end],
      /a size that no file has/,
    ],
    [
      'a size that is no number',
      [picture, tarHeader('cat/2.png', 0, { size: Buffer.from('12x45678901\0') }), end],
      /a size that is no number/,
    ],
    ['a pax size that is none', [pax('16 size=1e99999\n'), picture, end], /pax header claims a size/],
    ['a negative pax size', [pax('11 size=-5\n'), picture, end], /pax header claims a size/],
    ['a pax record that is longer than its header', [pax('999 path=a\n'), picture, end], /pax header is damaged/],
    ['a pax record of no length', [pax('0 path=a\n'), picture, end], /pax header is damaged/],
    [
      'a pax header of 8 GB',
      [picture, tarHeader('pax', 2 ** 33 - 1, { type: 'x' }), blocks('x'), end],
      /has 8589934591 bytes, at most 1048576 are read/,
    ],
    [
      'a GNU long name of 30 MB',
      [tarHeader('long', 30 * 2 ** 20, { type: 'L' }), Buffer.alloc(30 * 2 ** 20, 'a'), picture, end],
      /at most 1048576 are read/,
    ],
    ['a long name that is cut off', [picture, tarHeader('long', 2000, { type: 'L' }), blocks('a')], /it ends after/],
    [
      'a sparse map without end',
      [
        picture,
        (() => {
          const header = tarHeader('s', 0, { type: 'S' })
          header[482] = 1
          header.write(`${' '.repeat(8)}`, 148)
          header.write(
            `${header
              .reduce((a, b) => a + b, 0)
              .toString(8)
              .padStart(6, '0')}\0 `,
            148,
          )
          return header
        })(),
        Buffer.alloc(5120, 1),
      ],
      /it ends after/,
    ],
  ] as [string, Buffer[], RegExp][])('by %s is unreadable, and says why', async (_, parts, words) => {
    const { code, message, megabytes } = await openElsewhere(Buffer.concat(parts))
    expect([code, message]).toEqual(['ARCHIVE_UNREADABLE', expect.stringMatching(words)])
    expect(megabytes).toBeLessThan(60)
  })

  it('with 70,000 global keys and 20,000 entries does not copy the keys to every entry', async () => {
    const keys = Array.from({ length: 70_000 }, (_, i) => `13 k${String(i).padStart(7, '0')}=\n`).join('')
    const records = Array.from({ length: 20_000 }, (_, i) =>
      Buffer.concat([pax(`20 path=cat/${String(i).padStart(7, '0')}\n`), tarHeader('short', 0)]),
    )
    const { code, files, seconds } = await openElsewhere(
      Buffer.concat([tarHeader('global', keys.length, { type: 'g' }), blocks(keys), ...records, end]),
    )
    expect([code, files]).toEqual([null, 20_000])
    expect(seconds).toBeLessThan(5)
  }, 60_000)
})

describe('gzip', () => {
  const tar = Buffer.concat([picture, end])
  it('of many members is read as fast as its bytes: 500,000 empty members around a tar', async () => {
    const empty = Buffer.alloc(20 * 500_000, gzipSync(''))
    const { code, files, seconds } = await openElsewhere([empty, gzipSync(tar), empty])
    expect([code, files]).toEqual([null, 1])
    expect(seconds).toBeLessThan(5)
  }, 60_000)

  it.each([
    ['padded with zeros', [gzipSync(tar), Buffer.alloc(5000)], null],
    ['with other bytes behind it', [gzipSync(tar), Buffer.from('garbage')], 'ARCHIVE_UNREADABLE'],
    [
      'cut off',
      [gzipSync(Buffer.concat([picture, tarHeader('cat/2', 50_000), noise(1, 50_176), end])).subarray(0, 40_000)],
      'ARCHIVE_UNREADABLE',
    ],
    [
      'with a wrong checksum',
      [gzipSync(tar).map((byte, at, all) => (at === all.length - 6 ? byte ^ 1 : byte))],
      'ARCHIVE_UNREADABLE',
    ],
  ] as [string, Uint8Array[], string | null][])('%s', async (_, parts, expected) => {
    expect((await openElsewhere(parts)).code).toBe(expected)
  })
})
