/**
 * What lies beside a data set, stands in it unread, or cannot be told apart: noted or refused, never left out without a
 * word.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodePicture, measurePicture } from '@imclr/trainer/image/testing'
import { labelsAlike } from '@imclr/trainer/ingest/testing'
import { decodePicture as decodeInSdk } from '../../../sdk/src/models/decodePicture.js'
import { parquetOf } from '../../fuzz/formats/parquet.js'
import { pngChunk, pngOf } from '../../support/png.js'
import { npyOf } from './npyOf.js'
import { rawZip } from './rawZip.js'
import { failureOf, folderOf, noise, noisePng, tarGzOf, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))
const rows = (labels: number[], seed = 0) => labels.map((label, i) => ({ bytes: noisePng(seed + i, 16), label }))

async function notesOf(entries: Entries | Buffer, options = {}) {
  await using place = await workplace()
  const { manifest } = await place.prepare(Buffer.isBuffer(entries) ? entries : await zipOf(entries), options)
  return Object.fromEntries(manifest.notes.map(({ code, examples }) => [code, examples]))
}

async function issuesOf(entries: Entries | Buffer) {
  await using place = await workplace()
  const { code, issues, message } = await failureOf(
    place.prepare(Buffer.isBuffer(entries) ? entries : await zipOf(entries)),
  )
  return { code, message, issues: issues.map(({ path, code: what }) => `${path} ${what}`), first: issues[0] }
}

describe('next to files that hold many pictures', () => {
  const arrays: Entries = [
    ['x_train.npy', npyOf('|u1', [40, 8, 8], noise(1, 40 * 64))],
    [
      'y_train.npy',
      npyOf(
        '|u1',
        [40],
        Uint8Array.from({ length: 40 }, (_, i) => i % 2),
      ),
    ],
  ]
  const labels = Array.from({ length: 20 }, (_, i) => i % 2)

  it('pictures, arrays and tables that the data set does not use are ignored with a note', async () => {
    const [table, list] = [
      parquetOf([...rows(labels), ...rows(labels, 100)]),
      ['labels.csv', 'path,label\n'] as Entries[number],
    ]
    expect(await notesOf([['data.parquet', table], ...folderOf('cat', 2), list, ['README.md', 'words']])).toMatchObject(
      { IGNORED_BESIDE: ['cat/000.png', 'cat/001.png'], IGNORED_DOCUMENT: ['README.md', 'labels.csv'] },
    )
    expect(await notesOf([...arrays, ['extra/a.png', noisePng(1)], ['notes.txt', 'words']])).toMatchObject({
      IGNORED_BESIDE: ['extra/a.png'],
      IGNORED_DOCUMENT: ['notes.txt'],
    })
  })

  it('Parquet columns that are not read are noted', async () => {
    expect(await notesOf(fixture('strings.parquet'))).toMatchObject({ TABLE_READ: ['archive: column not read: id'] })
  })

  it('a table with a missing file is refused, and so is one without labels, with one problem for all of its rows', async () => {
    const table = parquetOf(rows(labels))
    expect(
      await issuesOf([
        ['train-00000-of-00003.parquet', table],
        ['train-00002-of-00003.parquet', parquetOf(rows(labels, 50))],
      ]),
    ).toMatchObject({
      issues: ['train-00000-of-00003.parquet SHARD_MISSING'],
      message: expect.stringContaining('of which 1 are missing (1)') as string,
    })
    const renamed = Buffer.from(table.toString('latin1').replaceAll('label', 'other'), 'latin1')
    expect(await issuesOf([['a.parquet', renamed]])).toMatchObject({
      issues: ['a.parquet LABEL_COLUMN'],
      message: expect.stringContaining('(image, other) is called label, class') as string,
    })
  })

  it('labels above 32 bits are read exactly, and labels too large to be exact are refused', async () => {
    const wide = (values: bigint[]) => Buffer.from(BigInt64Array.from(values).buffer)
    const images: Entries[number] = ['x.npy', npyOf('|u1', [4, 8, 8], noise(1, 4 * 64))]
    await using place = await workplace()
    const { manifest } = await place.prepare(
      await zipOf([images, ['y.npy', npyOf('<i8', [4], wide([0n, 2n ** 32n, 0n, 2n ** 32n]))]]),
    )
    expect(manifest.classes).toEqual(['0', '4294967296'])
    const unsafe = await issuesOf([images, ['y.npy', npyOf('<i8', [4], wide([0n, 2n ** 53n + 2n, 0n, 2n ** 53n]))]])
    expect(unsafe).toMatchObject({
      issues: ['y.npy DAMAGED'],
      message: expect.stringContaining('9007199254740994') as string,
    })
    expect(await issuesOf([['a.parquet', parquetOf(rows([0, 2 ** 60, 0, 2 ** 60]))]])).toMatchObject({
      issues: ['a.parquet/000001 LABEL_OUT_OF_RANGE', 'a.parquet/000003 LABEL_OUT_OF_RANGE'],
    })
    expect((await issuesOf([images, ['y.npy', npyOf('<U3', [4], new Uint8Array(48))]])).message).toContain(
      'of type <U3; whole numbers are needed',
    )
  })
})

describe('next to folders of classes', () => {
  const classes = [...folderOf('cat', 6), ...folderOf('dog', 6, { seed: 20 })]

  it('an archive is reported as an archive, whatever other files there are', async () => {
    const inner = await zipOf(folderOf('owl', 3))
    expect(await issuesOf([...classes, ['more.zip', inner]])).toMatchObject({
      code: 'ARCHIVE_UNSAFE',
      issues: ['more.zip NESTED_ARCHIVE'],
    })
    expect(
      await issuesOf([
        ['data.tar.gz', await tarGzOf(folderOf('owl', 3))],
        ['README.md', 'words'],
      ]),
    ).toMatchObject({ code: 'ARCHIVE_UNSAFE', issues: ['data.tar.gz NESTED_ARCHIVE'] })
    expect(await issuesOf([...classes, ['labels.csv.gz', gzipSync('path,label')]])).toMatchObject({
      issues: ['labels.csv.gz NESTED_ARCHIVE'],
    })
  })

  it('a file of another kind is reported as that kind, without the advice to put it into a class', async () => {
    expect(
      await issuesOf([
        ...classes,
        ['labels.parquet', parquetOf(rows([0, 1]).map(({ label }) => ({ bytes: new Uint8Array(1), label })))],
      ]),
    ).toMatchObject({
      issues: ['labels.parquet NOT_AN_IMAGE'],
      first: { message: 'it is a parquet file, and no picture' },
    })
    expect(await issuesOf([...classes, ['film.mp4', Buffer.from('0000001c667479706d703432', 'hex')]])).toMatchObject({
      issues: ['film.mp4 VIDEO'],
    })
    expect(await issuesOf([...classes, ['loose.png', noisePng(99)]])).toMatchObject({
      issues: ['loose.png NOT_IN_A_CLASS'],
    })
    expect(
      await issuesOf([
        ['a.bin', Buffer.alloc(9, 1)],
        ['b.bin', Buffer.alloc(9, 2)],
      ]),
    ).toMatchObject({ message: expect.stringContaining('no file is called as a picture is: a.bin, b.bin') as string })
  })

  it('a table that cannot be read is reported as the cause if there are no classes', async () => {
    const pictures = folderOf('img', 8)
    const [sheet, list, lines, table] = [
      ['labels.xlsx', 'PK'],
      ['labels.json', '[]'],
      ['labels.csv', ''],
      ['labels.csv', 'path,label\n'],
    ] as Entries
    for (const [path, content] of [sheet!, list!, lines!])
      expect(await issuesOf([...pictures, [path, content]])).toMatchObject({ issues: [`${path} TABLE_NOT_READ`] })
    expect(await issuesOf([...pictures, table!])).toMatchObject({ issues: ['labels.csv TABLE_EMPTY'] })
  })

  it('merged classes and trimmed labels are noted', async () => {
    const splits = (set: string, seed: number) =>
      ['train/cat', 'train/dog', 'test/cat'].flatMap((folder, i) =>
        folderOf(`${set}/${folder}`, 3, { seed: seed + 10 * i }),
      )
    expect(await notesOf([...splits('set1', 0), ...splits('set2', 50)])).toMatchObject({
      NESTED_FOLDERS: expect.arrayContaining(['set1/train/cat/ belongs to set1']) as string[],
    })
    expect(await notesOf([...classes, ...folderOf('pred', 2, { seed: 60 })])).toMatchObject({
      TAKEN_FOR_SPLIT: ['pred/ is unlabelled'],
    })
    const rowsOf = classes.map(([path], i) => `${path},${i < 6 ? 'cat ' : 'dog'}`)
    expect(await notesOf([...classes, ['labels.csv', ['path,label', ...rowsOf].join('\n')]])).toMatchObject({
      LABEL_TRIMMED: expect.arrayContaining(['labels.csv:2: cat']) as string[],
    })
  })

  it('a NUL byte in a table is reported with its line, not as another encoding', async () => {
    const pictures = folderOf('img', 4)
    const lines = ['path,label', ...pictures.map(([path], i) => `${path},${i % 2 ? 'dog' : i === 2 ? 'ca\0t' : 'cat'}`)]
    expect(await issuesOf([...pictures, ['labels.csv', lines.join('\n')]])).toMatchObject({
      issues: ['labels.csv:4 TABLE_ENCODING'],
      first: { message: 'the line holds a NUL byte, which no text has' },
    })
  })

  it('labels that differ only by invisible characters count as alike, and those that differ by a minus do not', () => {
    expect(labelsAlike(['cat', 'cat\u200b', '-1', '1', 't-shirt', 'T shirt'])).toEqual([
      ['cat', 'cat\u200b'],
      ['t-shirt', 'T shirt'],
    ])
  })

  it('an archive that is joined to another one is not silently left out', async () => {
    const entries = classes.map(([name, content]) => ({ name, content: Buffer.from(content!) }))
    expect(
      await issuesOf(rawZip(entries, { before: rawZip([{ name: 'other.png', content: Buffer.alloc(100) }]) })),
    ).toMatchObject({
      code: 'ARCHIVE_UNREADABLE',
      message: expect.stringMatching(/lists nothing of the first \d+ bytes/) as string,
    })
    expect((await issuesOf(rawZip([]))).message).toContain('is a zip archive with nothing in it')
  })
})

describe('within a picture', () => {
  const pixels = noise(4, 16 * 16 * 3)
  const plain = noisePng(7, 16)
  const withChunks = (...chunks: Buffer[]) => Buffer.concat([plain.subarray(0, 33), ...chunks, plain.subarray(33)])
  const picture = { height: 16, width: 16, fit: 'crop', kernel: 'lanczos3' } as const

  it('further frames of a PNG are noted', async () => {
    expect((await measurePicture(withChunks(pngChunk('acTL', Buffer.alloc(8))))).hasMore).toBe(true)
    expect((await measurePicture(plain)).hasMore).toBe(false)
  })

  it('compressed texts are not unpacked and change nothing', async () => {
    const text = pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(7_900_000, 65))]))
    const many = withChunks(...new Array<Buffer>(100).fill(text))
    const before = process.memoryUsage().rss
    expect(await decodePicture(many, picture)).toEqual(await decodePicture(plain, picture))
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(200)
  })

  it('extra channels are refused if they would be read as transparency', async () => {
    const rgba = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => (i * 37) % 256)
    const tiff = await sharp(rgba, { raw: { height: 16, width: 16, channels: 4 } })
      .tiff({ compression: 'none' })
      .toBuffer()
    await expect(measurePicture(tiff)).resolves.toMatchObject({ format: 'tiff' })
    // ExtraSamples, tag 338: of one value, which stands beside it.
    const tag = tiff.indexOf(Buffer.from([338 & 255, 338 >> 8, 3, 0, 1, 0, 0, 0]))
    expect(tag).toBeGreaterThan(0)
    tiff.writeUInt16LE(0, tag + 8)
    for (const decode of [decodePicture(tiff, picture), decodeInSdk(tiff, picture)])
      await expect(decode).rejects.toThrow('neither colour nor said to be transparency')
    // Gray in four bands, tag 262: its bytes were once written over the next picture's.
    tiff.writeUInt16LE(1, tiff.indexOf(Buffer.from([262 & 255, 262 >> 8, 3, 0, 1, 0, 0, 0])) + 8)
    for (const decode of [decodePicture(tiff, picture), decodeInSdk(tiff, picture)])
      await expect(decode).rejects.toThrow('it has 4 channels, of which 3 are no colours')
    expect(await decodeInSdk(pngOf(pixels, { height: 16, width: 16 }), picture)).toEqual(Buffer.from(pixels))
  })
})
