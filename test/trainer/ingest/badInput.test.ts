import { spawnSync } from 'node:child_process'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FailureCode, PrepareOptionsInput } from '@imclr/contract'
import { failureOf, folderOf, noisePng, pngFile, tarGzOf, tarOf, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

const good: Entries = [...folderOf('cat', 6), ...folderOf('dog', 6, { seed: 50 })]

interface Case {
  name: string
  archive: () => Promise<Uint8Array> | Uint8Array
  code: FailureCode
  /** `path CODE` of every issue. */
  issues?: string[]
  message?: RegExp
  options?: PrepareOptionsInput
  limits?: { maxBytes?: number; maxImages?: number }
}

/** A zip whose one entry has its header fields changed in place: local file header and central directory. */
async function zipWith(entries: Entries, change: (local: Buffer, central: Buffer) => void): Promise<Buffer> {
  const zip = await zipOf(entries)
  const central = zip.indexOf(Buffer.from('504b0102', 'hex'))
  change(zip, zip.subarray(central))
  return zip
}

/** A picture of zeros that claims its size honestly and is small as a file: 900 million pixels in 1 MB. */
function hugePng(side: number): Buffer {
  const row = Buffer.alloc(1000 * (1 + side))
  return pngFile({ height: side, width: side, colour: 0 }, deflateSync(row, { level: 9 }))
}

const brokenJpeg = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), Buffer.alloc(400, 7)])
const renamed = (entries: Entries, from: string, to: string): Promise<Buffer> =>
  zipOf(entries).then((zip) => Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1'))

const cases: Case[] = [
  // Not an archive, or not a whole one.
  { name: 'an empty file', archive: () => new Uint8Array(), code: 'ARCHIVE_UNREADABLE', message: /empty/ },
  { name: 'text', archive: () => Buffer.from('hello'.repeat(300)), code: 'ARCHIVE_UNREADABLE' },
  { name: 'a single picture', archive: () => noisePng(1), code: 'ARCHIVE_UNREADABLE', message: /single picture/ },
  {
    name: 'a truncated zip',
    archive: async () => (await zipOf(good)).subarray(0, 2000),
    code: 'ARCHIVE_UNREADABLE',
    message: /cut off/,
  },
  {
    name: 'a truncated tar',
    archive: async () => (await tarOf(good)).subarray(0, 5000),
    code: 'ARCHIVE_UNREADABLE',
    message: /cut off/,
  },
  {
    name: 'a tar cut between two files',
    archive: async () => (await tarOf(good)).subarray(0, 2 * 1536),
    code: 'ARCHIVE_UNREADABLE',
    message: /cut off/,
  },
  {
    name: 'a truncated tar.gz',
    archive: async () => (await tarGzOf(good)).subarray(0, 3000),
    code: 'ARCHIVE_UNREADABLE',
    message: /cut off/,
  },
  { name: 'a gzip of something else', archive: () => gzipSync(Buffer.alloc(5000, 'text')), code: 'ARCHIVE_UNREADABLE' },
  {
    name: 'a tar with a damaged header',
    archive: async () => {
      const tar = await tarOf(good)
      tar.fill(0xee, 1536, 1600)
      return tar
    },
    code: 'ARCHIVE_UNREADABLE',
  },
  { name: 'an archive without entries', archive: () => tarOf([]), code: 'ARCHIVE_UNREADABLE' },

  // Bombs and caps.
  {
    name: 'a zip bomb',
    archive: () => zipOf([...good, ['cat/bomb.png', Buffer.alloc(40 * 2 ** 20)]]),
    code: 'ARCHIVE_UNSAFE',
    message: /bomb/,
  },
  {
    name: 'a gzip bomb',
    archive: () => tarGzOf([...good, ['cat/bomb.png', Buffer.alloc(80 * 2 ** 20)]]),
    code: 'ARCHIVE_UNSAFE',
    message: /bomb/,
  },
  {
    name: 'more bytes than allowed, zip',
    archive: () => zipOf(good),
    code: 'DATASET_TOO_LARGE',
    message: /maxBytes/,
    limits: { maxBytes: 9000 },
  },
  {
    name: 'more bytes than allowed, tar.gz',
    archive: () => tarGzOf([...good, ['cat/zeros', Buffer.alloc(60_000)]]),
    code: 'DATASET_TOO_LARGE',
    message: /maxBytes/,
    limits: { maxBytes: 40_000 },
  },
  {
    name: 'more images than allowed',
    archive: () => zipOf(good),
    code: 'DATASET_TOO_LARGE',
    message: /maxImages/,
    limits: { maxImages: 11 },
  },
  {
    name: 'more entries than any number of images explains',
    archive: () => tarOf(Array.from({ length: 10_025 }, (_, i) => [`.hidden/${i}`, ''])),
    code: 'DATASET_TOO_LARGE',
    limits: { maxImages: 12 },
  },

  // Unsafe entries: refused with every one of them named, and whatever the options say.
  {
    name: 'paths that leave the folder, in a tar',
    code: 'ARCHIVE_UNSAFE',
    options: { onProblem: 'skip' },
    archive: () =>
      tarOf([
        ...good,
        ['../evil.png', noisePng(1)],
        ['cat/../../evil.png', noisePng(1)],
        ['/etc/evil.png', noisePng(1)],
        ['cat\\evil.png', noisePng(1)],
        ['C:/evil.png', noisePng(1)],
        [`cat/${'x'.repeat(2000)}.png`, noisePng(1)],
        ['cat/\u0007.png', noisePng(1)],
      ]),
    issues: [
      '../evil.png PATH_TRAVERSAL',
      '/etc/evil.png ABSOLUTE_PATH',
      'C:/evil.png ABSOLUTE_PATH',
      'cat/../../evil.png PATH_TRAVERSAL',
      `cat/${'x'.repeat(196)} PATH_TOO_LONG`,
      'cat/\ufffd.png BAD_NAME',
      'cat\\evil.png BACKSLASH',
    ],
  },
  {
    name: 'paths that leave the folder, in a zip',
    archive: () => renamed([...good, ['cat/aaaaa.png', noisePng(1)]], 'cat/aaaaa.png', '../../a/a.png'),
    code: 'ARCHIVE_UNSAFE',
    issues: ['../../a/a.png PATH_TRAVERSAL'],
  },
  {
    name: 'links and devices',
    code: 'ARCHIVE_UNSAFE',
    options: { onProblem: 'skip' },
    archive: () =>
      tarOf(good, [
        { name: 'cat/soft.png', type: 'symlink', linkname: '/etc/passwd' },
        { name: 'cat/hard.png', type: 'link', linkname: 'cat/000.png' },
        { name: 'cat/null', type: 'character-device' },
        { name: 'cat/pipe', type: 'fifo' },
      ]),
    issues: ['cat/hard.png LINK', 'cat/null SPECIAL_FILE', 'cat/pipe SPECIAL_FILE', 'cat/soft.png LINK'],
  },
  {
    name: 'a link in a zip',
    code: 'ARCHIVE_UNSAFE',
    issues: ['cat/link.png LINK'],
    archive: () =>
      zipWith([['cat/link.png', '/etc/passwd'], ...good], (_, central) => {
        central.writeUInt16LE((3 << 8) | 20, 4)
        central.writeUInt32LE((0o120777 << 16) >>> 0, 38)
      }),
  },
  {
    name: 'nested archives, whatever their names',
    code: 'ARCHIVE_UNSAFE',
    options: { onProblem: 'skip' },
    archive: async () =>
      zipOf([
        ...good,
        ['cat/a.png', await zipOf(good)],
        ['cat/b.png', await tarOf(good)],
        ['cat/c.jpg', await tarGzOf(good)],
        ['cat/d.7z', Buffer.from('377abcaf271c0004', 'hex')],
      ]),
    issues: [
      'cat/a.png NESTED_ARCHIVE',
      'cat/b.png NESTED_ARCHIVE',
      'cat/c.jpg NESTED_ARCHIVE',
      'cat/d.7z NESTED_ARCHIVE',
    ],
  },

  // Files: all in one answer.
  {
    name: 'every kind of bad file at once',
    code: 'DATASET_INVALID',
    archive: () =>
      zipOf([
        ...good,
        ['cat/broken.jpg', brokenJpeg],
        ['cat/cut.png', noisePng(1, 64).subarray(0, 6000)],
        ['cat/empty.png', ''],
        ['cat/notes.txt', 'hello'],
        ['cat/one.png', noisePng(1, 1)],
        ['cat/seven.png', noisePng(1, 7)],
        ['cat/huge.png', hugePng(30_000)],
        ['cat/drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"/>'],
        ['cat/scan.tif', Buffer.from('49492a0008000000', 'hex')],
        ['loose.png', noisePng(2)],
      ]),
    issues: [
      'cat/broken.jpg IMAGE_UNREADABLE',
      'cat/cut.png IMAGE_DAMAGED',
      'cat/drawing.svg SVG',
      'cat/empty.png EMPTY_FILE',
      'cat/huge.png TOO_MANY_PIXELS',
      'cat/one.png TOO_SMALL',
      'cat/scan.tif IMAGE_UNREADABLE',
      'cat/seven.png TOO_SMALL',
      'loose.png NOT_IN_A_CLASS',
    ],
  },
  {
    name: 'the same path twice',
    archive: () => tarOf([...good, good[0]!]),
    code: 'DATASET_INVALID',
    issues: ['cat/000.png PATH_TWICE'],
  },
  {
    name: 'an encrypted zip',
    archive: () =>
      zipWith([['cat/secret.png', noisePng(9)], ...good], (local, central) => {
        local.writeUInt16LE(local.readUInt16LE(6) | 1, 6)
        central.writeUInt16LE(central.readUInt16LE(8) | 1, 8)
      }),
    code: 'DATASET_INVALID',
    issues: ['cat/secret.png ENCRYPTED'],
  },
  {
    name: 'a zip whose bytes rotted',
    archive: () => zipWith([['cat/rotten.png', noisePng(9, 64)], ...good], (local) => void local.fill(0x55, 200, 260)),
    code: 'DATASET_INVALID',
    issues: ['cat/rotten.png DAMAGED'],
  },
  {
    name: 'an exotic compression',
    archive: () =>
      zipWith([['cat/lzma.png', noisePng(9)], ...good], (local, central) => {
        local.writeUInt16LE(14, 8)
        central.writeUInt16LE(14, 10)
      }),
    code: 'DATASET_INVALID',
    issues: ['cat/lzma.png COMPRESSION'],
  },

  // The set as a whole.
  {
    name: 'one class only',
    archive: () => zipOf(folderOf('cat', 5)),
    code: 'DATASET_INVALID',
    issues: [' TOO_FEW_CLASSES'],
    options: { onProblem: 'skip' },
  },
  {
    name: 'no images at all',
    archive: () => tarOf([['readme.txt', 'x']]),
    code: 'DATASET_INVALID',
    issues: [' NO_CLASS_FOLDERS'],
    message: /no pictures/,
  },
  {
    name: 'pictures without folders',
    archive: () =>
      tarOf([
        ['cat.1.png', noisePng(1)],
        ['dog.1.png', noisePng(2)],
      ]),
    code: 'DATASET_INVALID',
    issues: [' NO_CLASS_FOLDERS'],
    message: /all 2 pictures lie in one place/,
  },
  {
    name: 'an empty class',
    archive: () => zipOf([...good, ['fox', null]]),
    code: 'DATASET_INVALID',
    issues: ['fox EMPTY_CLASS'],
    options: { onProblem: 'skip' },
  },
  {
    name: 'a class of broken files alone',
    archive: () => zipOf([...good, ['fox/a.png', 'x']]),
    code: 'DATASET_INVALID',
    issues: ['fox/a.png TEXT', 'fox EMPTY_CLASS'],
    options: { onProblem: 'skip' },
  },
  {
    name: 'a class of broken files alone, the cause without its consequence',
    archive: () => zipOf([...good, ['fox/a.png', 'x']]),
    code: 'DATASET_INVALID',
    issues: ['fox/a.png TEXT'],
  },
  {
    name: 'a class with one image',
    archive: () => zipOf([...good, ['fox/a.png', noisePng(90)]]),
    code: 'DATASET_INVALID',
    issues: ['fox CLASS_TOO_SMALL'],
  },
  {
    name: 'classes that train and test do not share',
    code: 'DATASET_INVALID',
    issues: ['b CLASS_WITHOUT_TEST', 'c CLASS_WITHOUT_TRAINING'],
    archive: () =>
      zipOf([
        ...folderOf('train/a', 3),
        ...folderOf('train/b', 3, { seed: 10 }),
        ...folderOf('test/a', 2, { seed: 20 }),
        ...folderOf('test/c', 2, { seed: 30 }),
      ]),
  },
  {
    name: 'a class that is only tested copies',
    archive: () =>
      zipOf([
        ...folderOf('train/a', 3),
        ['train/b/0.png', noisePng(70)],
        ...folderOf('test/a', 2, { seed: 20 }),
        ['test/b/0.png', noisePng(70)],
      ]),
    code: 'DATASET_INVALID',
    issues: ['b CLASS_WITHOUT_TRAINING'],
  },
  {
    name: 'a test folder alone',
    archive: () => zipOf([...folderOf('test/a', 3), ...folderOf('test/b', 3, { seed: 10 })]),
    code: 'DATASET_INVALID',
    issues: [' NO_TRAINING_PART'],
    message: /test\/ alone/,
  },
  {
    name: 'a folder beside train that is none of ours',
    archive: () =>
      zipOf([
        ...folderOf('train/a', 3),
        ...folderOf('train/b', 3, { seed: 10 }),
        ...folderOf('samples', 1, { seed: 20 }),
      ]),
    code: 'DATASET_INVALID',
    issues: [' AMBIGUOUS_FOLDERS'],
    message: /as parts of the data set, with the 2 classes a, b; or as classes, 2 in all: samples\/ and train\//,
  },
]

describe('bad input', () => {
  it.each(cases)(
    'refuses $name, and leaves nothing behind',
    async ({ archive, code, issues, message, options, limits }) => {
      await using place = await workplace()
      const failure = await failureOf(place.prepare(await archive(), options, limits))
      expect({ code: failure.code, issues: failure.issues.map((issue) => `${issue.path} ${issue.code}`) }).toEqual({
        code,
        issues: issues ?? failure.issues.map((issue) => `${issue.path} ${issue.code}`),
      })
      expect(failure.message).toMatch(message ?? /./)
      for (const { message: said, fix } of failure.issues)
        expect([said, fix]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)])
      expect(await place.leftovers()).toEqual([])
    },
  )

  it('names 1,000 problems and counts the rest', async () => {
    await using place = await workplace()
    const failure = await failureOf(
      place.prepare(
        await tarOf([...good, ...Array.from({ length: 1100 }, (_, i): Entries[number] => [`cat/${i}.pic`, 'x'])]),
      ),
    )
    expect(failure.issues).toHaveLength(1000)
    expect(failure.message).toMatch(/^1100 problems in the upload; the first 1000 are listed: cat\/\d+\.pic/)
  })

  it('ends at once when it is cancelled, with the reason of the signal if it has one', async () => {
    await using place = await workplace()
    const archive = await zipOf(good)
    expect((await failureOf(place.prepare(archive, {}, { signal: AbortSignal.abort() }))).code).toBe('CANCELED')
    const reason = new Error('suspended')
    await expect(place.prepare(archive, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await place.leftovers()).toEqual([])
  })

  // Needs the right to mount a disk of half a megabyte; wherever the tests run as root in Linux, they have it.
  const mount = (...args: string[]) => spawnSync(args[0]!, args.slice(1)).status === 0
  it('reports a full disk, and deletes its files', async ({ skip }) => {
    await using place = await workplace()
    if (!mount('mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', place.workDir)) skip('mounting is not allowed here')
    try {
      for (const archive of [
        await tarOf(folderOf('cat', 1000)),
        await zipOf([...folderOf('cat', 200, { side: 28 }), ...folderOf('dog', 10, { seed: 500, side: 28 })]),
      ]) {
        const failure = await failureOf(place.prepare(archive, { imageSize: 64 }))
        expect([failure.code, failure.message]).toEqual(['DISK_FULL', expect.stringContaining(place.workDir)])
        expect(await place.leftovers()).toEqual([])
      }
    } finally {
      mount('umount', place.workDir)
    }
  })
})
