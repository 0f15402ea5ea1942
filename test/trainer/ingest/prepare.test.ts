import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { Failure, noteKinds } from '@imclr/contract'
import { decodePicture } from '@imclr/trainer/image/testing'
import { loadSplit, readDatasetManifest } from '@imclr/trainer/input/testing'
import {
  failureOf,
  folderOf,
  noise,
  noisePng,
  outputPrefix,
  pngOf,
  tarGzOf,
  tarOf,
  workplace,
  zipOf,
} from './uploads.js'
import type { Entries, Prepared } from './uploads.js'

/** Waves, nearly the same where the shifts are. */
const smooth = (shift: number) =>
  Uint8Array.from(
    { length: 32 * 32 * 3 },
    (_, i) => 128 + 90 * Math.sin((i % 96) / 17 + shift) * Math.cos(Math.floor(i / 96) / 7),
  )
const picture = (pixels: Uint8Array, level = 1) => pngOf(pixels, { height: 32, width: 32, level })

const twoClasses: Entries = [...folderOf('cat', 10, { seed: 0 }), ...folderOf('dog', 15, { seed: 100 })]

const indexOf = async ({ store, manifest }: Prepared) =>
  Buffer.from(await store.read(outputPrefix + manifest.index.path))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { split: string; position: number; path: string; sha256: string })

/** The originals that a version keeps, decoded as at prediction, are the pixels that the test split has. */
async function expectOriginals({ store, manifest }: Prepared): Promise<void> {
  const { images, height, width } = await loadSplit({ store, prefix: outputPrefix, manifest, split: 'test' })
  const size = height * width * 3
  for (const { path, testPosition } of manifest.originals) {
    const pixels = await decodePicture(await store.read(outputPrefix + path), manifest.picture)
    expect([path, Buffer.compare(pixels, images.subarray(testPosition * size, (testPosition + 1) * size))]).toEqual([
      path,
      0,
    ])
  }
}

describe('preparing folders', () => {
  it('orders classes by code units, takes a fifth of each class for the test, and lists the position of every image', async () => {
    await using place = await workplace()
    const prepared = await place.prepare(await zipOf(twoClasses))
    const { manifest, store } = prepared
    expect(manifest).toMatchObject({
      classes: ['cat', 'dog'],
      format: 'folders in zip',
      testWasGiven: false,
      picture: { height: 16, width: 16, fit: 'crop', kernel: 'lanczos3' },
    })
    expect([manifest.splits.train.perClass, manifest.splits.test.perClass]).toEqual([
      [8, 12],
      [2, 3],
    ])
    const pictures = new Map(twoClasses.map(([path], i) => [path, noise(i < 10 ? i : 90 + i, 768)]))
    const index = await indexOf(prepared)
    expect(index).toHaveLength(25)
    for (const split of ['train', 'test'] as const) {
      const loaded = await loadSplit({ store, prefix: outputPrefix, manifest, split })
      for (const { position, path, sha256 } of index.filter((line) => line.split === split)) {
        const pixels = loaded.images.subarray(position * 768, (position + 1) * 768)
        expect(pixels).toEqual(pictures.get(path))
        expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256)
        expect(manifest.classes[loaded.labels[position]!]).toBe(path.split('/')[0])
      }
    }
    // By path within the split; 8 originals, some of each class, as they were uploaded.
    expect(index.filter(({ split }) => split === 'train').map(({ path }) => path)).toEqual(
      index
        .filter(({ split }) => split === 'train')
        .map(({ path }) => path)
        .sort(),
    )
    expect(manifest.originals).toHaveLength(5)
    for (const { path, testPosition } of manifest.originals) {
      const source = index.find(({ split, position }) => split === 'test' && position === testPosition)!.path
      expect(Buffer.from(await store.read(outputPrefix + path))).toEqual(
        twoClasses.find(([name]) => name === source)![1],
      )
    }
    expect(await place.leftovers().then((left) => left.filter((name) => !name.startsWith(outputPrefix)))).toEqual([])
  })

  it('reports mean and standard deviation of the training pixels', async () => {
    await using place = await workplace()
    const { manifest, store } = await place.prepare(await zipOf(twoClasses))
    const { images } = await loadSplit({ store, prefix: outputPrefix, manifest, split: 'train' })
    for (const channel of [0, 1, 2]) {
      const values = Array.from(images).filter((_, i) => i % 3 === channel)
      const mean = values.reduce((a, b) => a + b) / values.length
      expect(manifest.channelMean[channel]).toBeCloseTo(mean, 9)
      expect(manifest.channelStd[channel]).toBeCloseTo(
        Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length),
        9,
      )
    }
  })

  it('gives the same content the same version and bytes: as zip, tar or tar.gz, in another folder, with litter, in any order of entries', async () => {
    await using place = await workplace()
    const first = await place.prepare(await zipOf(twoClasses))
    const again = await place.prepare(await zipOf(twoClasses))
    expect(again.manifestSha256).toBe(first.manifestSha256)
    const wrapped: Entries = [...twoClasses].reverse().map(([path, content]) => [`pets/${path}`, content])
    const litter: Entries = [
      ['pets/.DS_Store', 'x'],
      ['__MACOSX/pets/cat/._000.png', 'x'],
      ['pets/cat/Thumbs.db', 'x'],
      ['pets/.ipynb_checkpoints/a.png', 'x'],
      ['pets/dog/desktop.ini', 'x'],
    ]
    for (const archive of [
      await tarOf(twoClasses.map(([path, content]) => [`./${path}`, content])),
      await tarGzOf(twoClasses),
      await zipOf([...litter, ...wrapped]),
    ]) {
      const { manifest } = await place.prepare(archive)
      expect([manifest.versionId, manifest.contentSha256]).toEqual([
        first.manifest.versionId,
        first.manifest.contentSha256,
      ])
    }
    const otherSeed = await place.prepare(await zipOf(twoClasses), { splitSeed: 2 })
    expect(otherSeed.manifest.versionId).not.toBe(first.manifest.versionId)
  })

  it('takes the given parts train, test and unlabelled, nested folders, and names in upper or lower case', async () => {
    await using place = await workplace()
    const { manifest, store } = await place.prepare(
      await tarOf([
        ...folderOf('Train/b', 3),
        ...folderOf('Train/a/left/low', 2, { seed: 10 }),
        ...folderOf('test/a', 1, { seed: 20 }),
        ...folderOf('test/b', 2, { seed: 30 }),
        ...folderOf('unlabeled/x', 4, { seed: 40 }),
      ]),
    )
    expect(manifest).toMatchObject({ classes: ['a', 'b'], testWasGiven: true })
    const { train, test, unlabelled } = manifest.splits
    expect([train.perClass, test.perClass, unlabelled.count, unlabelled.labels]).toEqual([[2, 3], [1, 2], 4, null])
    expect(await loadSplit({ store, prefix: outputPrefix, manifest, split: 'unlabelled' })).toMatchObject({
      count: 4,
      labels: new Uint16Array(),
    })
  })

  it('keeps test images out of the training: images of equal pixels are removed, even if their files differ, and similar ones are reported', async () => {
    await using place = await workplace()
    const test = picture(smooth(4))
    const sameOtherFile = picture(smooth(4), 9)
    expect(sameOtherFile).not.toEqual(test)
    const entries: Entries = [
      ...folderOf('train/a', 3, { side: 32 }),
      ...folderOf('train/b', 3, { seed: 50, side: 32 }),
      ['train/a/copy.png', sameOtherFile],
      ['unlabelled/copy.png', test],
      ['test/a/0.png', test],
      ['test/b/0.png', picture(smooth(0))],
    ]
    const near = picture(smooth(0).map((value, i) => Math.min(255, value + 3 + (i % 2))))
    entries.push(
      ['train/b/near.png', near],
      ['unlabelled/near.png', near],
      ...folderOf('unlabelled', 2, { seed: 90, side: 32 }),
    )
    const archive = await zipOf(entries)
    const { manifest } = await place.prepare(archive)
    expect(manifest.removedDuplicates).toEqual([
      { removed: 'train/a/copy.png', keptTest: 'test/a/0.png' },
      { removed: 'unlabelled/copy.png', keptTest: 'test/a/0.png' },
    ])
    expect([manifest.splits.train.count, manifest.splits.unlabelled.count]).toEqual([7, 3])
    const told = [
      { train: 'train/b/near.png', split: 'train' },
      { train: 'unlabelled/near.png', split: 'unlabelled' },
    ].map((one) => ({ ...one, test: 'test/b/0.png', distance: expect.any(Number) as number }))
    expect([manifest.nearDuplicates, manifest.nearDuplicateCount]).toEqual([told, 2])

    const { manifest: without } = await place.prepare(archive, { nearDuplicates: 'remove' })
    expect([without.splits.train.count, without.splits.unlabelled.count, without.nearDuplicates]).toEqual([6, 2, told])
    expect(without.contentSha256).not.toBe(manifest.contentSha256)
  })

  it('refuses images that are nearly like a test image if the options say so, naming both, and a class that would become empty', async () => {
    await using place = await workplace()
    const archive = await zipOf([
      ...folderOf('train/a', 3, { side: 32 }),
      ['train/b/near.png', picture(smooth(0.01))],
      ['unlabelled/near.png', picture(smooth(0.02))],
      ...folderOf('test/a', 1, { seed: 20, side: 32 }),
      ['test/b/0.png', picture(smooth(0))],
    ])
    const refused = await failureOf(place.prepare(archive, { nearDuplicates: 'refuse' }))
    expect(refused.code).toBe('DATASET_INVALID')
    expect(refused.issues.map(({ path, code, message }) => [path, code, message])).toEqual(
      ['train/b/near.png', 'unlabelled/near.png'].map((path) => [
        path,
        'NEAR_DUPLICATE',
        'it looks nearly like the test image test/b/0.png',
      ]),
    )
    expect((await failureOf(place.prepare(archive, { nearDuplicates: 'remove' }))).issues).toMatchObject([
      { path: 'b', code: 'CLASS_WITHOUT_TRAINING' },
    ])
    expect((await place.prepare(archive)).manifest.nearDuplicateCount).toBe(2)
  })

  it('chooses the size: the common one, 64 if they differ, or the one in the options', async () => {
    await using place = await workplace()
    const size = async (entries: Entries, options = {}) =>
      (await place.prepare(await zipOf(entries), options)).manifest.picture.height
    expect(await size(twoClasses)).toBe(16)
    expect(await size([...twoClasses, ...folderOf('cat/more', 1, { seed: 300, side: 20 })])).toBe(64)
    expect(await size(twoClasses, { imageSize: 24 })).toBe(24)
  })

  it('keeps originals that decode to exactly the pixels of the test split: rotated, scaled, letterboxed', async () => {
    await using place = await workplace()
    const turned = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) =>
        sharp(noise(orientation, 90 * 60 * 3), { raw: { height: 90, width: 60, channels: 3 } })
          .jpeg()
          .withMetadata({ orientation })
          .toBuffer(),
      ),
    )
    const entries: Entries = [
      ...folderOf('cat', 8),
      ...turned.map((file, i): Entries[number] => [`fox/${i}.jpg`, file]),
    ]
    for (const fit of ['crop', 'letterbox'] as const) {
      const prepared = await place.prepare(await zipOf(entries), { testFraction: 0.5, imageSize: 24, fit })
      expect(prepared.manifest.originals.map(({ contentType }) => contentType).toSorted()).toEqual([
        ...new Array<string>(4).fill('image/jpeg'),
        ...new Array<string>(4).fill('image/png'),
      ])
      await expectOriginals(prepared)
    }
  })

  it("leaves broken files out with onProblem 'skip', and lists them", async () => {
    await using place = await workplace()
    const { manifest } = await place.prepare(
      await zipOf([
        ...twoClasses,
        ['cat/broken.png', noisePng(7).subarray(0, 60)],
        ['readme.txt', 'hello'],
        ['loose.png', noisePng(8)],
      ]),
      { onProblem: 'skip' },
    )
    expect(manifest.skipped.map(({ path, code }) => [path, code])).toEqual([
      ['cat/broken.png', 'IMAGE_DAMAGED'],
      ['loose.png', 'NOT_IN_A_CLASS'],
    ])
    expect(manifest.notes).toEqual([
      { code: 'IGNORED_DOCUMENT', message: noteKinds.IGNORED_DOCUMENT, count: 1, examples: ['readme.txt'] },
      {
        code: 'SKIPPED',
        message: noteKinds.SKIPPED,
        count: 2,
        examples: [expect.stringContaining('cat/broken.png (') as string, 'loose.png (it is in no class folder)'],
      },
    ])
    expect([manifest.skippedCount, manifest.splits.train.count + manifest.splits.test.count]).toEqual([2, 25])
  })

  it('reports its progress in bytes and then in images, with speed and time left', async () => {
    await using place = await workplace()
    const { progress } = await place.prepare(await zipOf(twoClasses))
    expect([...new Set(progress.map(({ phase, unit }) => `${phase} ${unit}`))]).toEqual([
      'loading bytes',
      'loading images',
      'preparing images',
      'exporting images',
    ])
    expect(progress.filter(({ phase }) => phase === 'preparing').at(-1)).toMatchObject({
      done: 25,
      total: 25,
      secondsLeft: 0,
    })
  })
})

describe('preparing labels.csv', () => {
  const pictures: Entries = Array.from({ length: 8 }, (_, i) => [`set/img/${i}.png`, noisePng(i)])
  const csv = (text: string): Entries => [['set/labels.csv', text], ...pictures]

  it('reads classes and splits, with a byte order mark, CRLF, quotes and spaces', async () => {
    await using place = await workplace()
    const rows = [
      'img/0.png,"a, b",train',
      './img/1.png, c ,train',
      'img/2.png,c,test',
      'img/3.png,"a, b",test',
      'img/4.png,c,',
      'img/5.png,,unlabelled',
      'img/6.png,c,unlabelled',
      'img/7.png,c,train',
    ]
    const prepared = await place.prepare(await zipOf(csv(`\ufeffpath,Label,split\r\n${rows.join('\r\n')}\r\n`)))
    expect(prepared.manifest).toMatchObject({ format: 'labels.csv in zip', classes: ['a, b', 'c'], testWasGiven: true })
    const { train, test, unlabelled } = prepared.manifest.splits
    expect([train.perClass, test.perClass, unlabelled.count]).toEqual([[1, 3], [1, 1], 2])
  })

  it('names all rows and files that do not match, at once', async () => {
    await using place = await workplace()
    const rows = [
      'path,label,split',
      'img/0.png,a,train',
      'img/0.png,b,train',
      'img/9.png,a,train',
      'img/1.png,,train',
      'img/2.png,a,vaildation',
      ',a,train',
      'img/3.png,b,train',
    ]
    const error = await place.prepare(await zipOf(csv(rows.join('\n'))), {}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'DATASET_INVALID' })
    const issues = (error as { issues: { path: string; code: string }[] }).issues.map(
      ({ path, code }) => `${path} ${code}`,
    )
    expect(issues).toEqual(
      expect.arrayContaining([
        'set/labels.csv:3 ROW_TWICE',
        'set/labels.csv:4 FILE_MISSING',
        'set/labels.csv:5 LABEL_MISSING',
        'set/labels.csv:6 UNKNOWN_SPLIT',
        'set/labels.csv:7 PATH_MISSING',
        'set/img/4.png NOT_IN_TABLE',
      ]),
    )
  })

  it('refuses a table without the right header, or one that cannot be read', async () => {
    await using place = await workplace()
    for (const text of ['img/0.png,a\nimg/1.png,b\n', 'path,lable\nimg/0.png,a\n', 'path,label\n"img/0.png,a\n']) {
      await expect(place.prepare(await zipOf(csv(text)))).rejects.toMatchObject({
        code: 'DATASET_INVALID',
        issues: [{ path: 'set/labels.csv', code: 'LABELS_UNREADABLE' }],
      })
    }
  })
})

describe('preparing the CIFAR binary archive', () => {
  const record = (label: number, seed: number) => Buffer.concat([Buffer.from([label]), noise(seed, 3072)])
  const names = 'zebra\nant\n\n'

  it('turns planes into pixels and orders classes by name', async () => {
    await using place = await workplace()
    const entries: Entries = [
      ['c/readme.html', 'x'],
      ['c/batches.meta.txt', names],
      ['c/data_batch_1.bin', Buffer.concat([record(0, 1), record(1, 2)])],
      ['c/data_batch_2.bin', record(0, 3)],
      ['c/test_batch.bin', Buffer.concat([record(1, 4), record(0, 5)])],
    ]
    const { manifest, store } = await place.prepare(await tarGzOf(entries))
    expect(manifest).toMatchObject({
      format: 'cifar-binary in tar.gz',
      classes: ['ant', 'zebra'],
      picture: { height: 32 },
    })
    const train = await loadSplit({ store, prefix: outputPrefix, manifest, split: 'train' })
    expect([...train.labels]).toEqual([1, 0, 1])
    const planes = noise(2, 3072)
    expect(train.images.subarray(3072, 6144)).toEqual(
      Uint8Array.from({ length: 3072 }, (_, i) => planes[(i % 3) * 1024 + Math.floor(i / 3)]!),
    )
    expect(manifest.originals.map(({ contentType }) => contentType)).toEqual(['image/png', 'image/png'])
    const smaller = await place.prepare(await tarGzOf(entries), { imageSize: 16 })
    expect(smaller.manifest.splits.train.shards[0]!.bytes).toBe(3 * 16 * 16 * 3)
    await expectOriginals(smaller)
  })

  it('merges class names that are in the list twice, with a note', async () => {
    await using place = await workplace()
    const { manifest } = await place.prepare(
      await tarOf([
        ['batches.meta.txt', 'crane\nant\ncrane\n'],
        ['data_batch_1.bin', Buffer.concat([record(0, 1), record(1, 2), record(2, 3)])],
        ['test_batch.bin', Buffer.concat([record(0, 8), record(1, 9)])],
      ]),
    )
    expect([
      manifest.classes,
      manifest.splits.train.perClass,
      manifest.notes.map(({ code, count, examples }) => [code, count, examples]),
    ]).toEqual([['ant', 'crane'], [1, 2], [['CLASSES_MERGED', 1, ['crane']]]])
  })

  it('refuses files of impossible lengths and impossible labels', async () => {
    await using place = await workplace()
    const archive = (train: Uint8Array, test = Buffer.concat([record(0, 8), record(1, 9)])) =>
      tarOf([
        ['batches.meta.txt', names],
        ['data_batch_1.bin', train],
        ['test_batch.bin', test],
      ])
    await expect(place.prepare(await archive(record(0, 1).subarray(1), Buffer.alloc(0)))).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      issues: [
        { path: 'data_batch_1.bin', code: 'RECORD_LENGTH' },
        { path: 'test_batch.bin', code: 'RECORD_LENGTH' },
      ],
    })
    await expect(
      place.prepare(await archive(Buffer.concat([record(0, 1), record(7, 2), record(1, 3)]))),
    ).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      issues: [{ path: 'data_batch_1.bin/00001', code: 'LABEL_OUT_OF_RANGE' }],
    })
  })
})

describe('what was written', () => {
  it('is checked against the manifest when it is read', async () => {
    await using place = await workplace()
    const { manifest, store } = await place.prepare(await zipOf(twoClasses))
    const key = `${outputPrefix}${manifest.splits.test.shards[0]!.path}`
    const shard = Buffer.from(await store.read(key))
    const load = () => loadSplit({ store, prefix: outputPrefix, manifest, split: 'test' })
    shard[5]! ^= 1
    await store.put(key, shard, { contentType: 'application/octet-stream' })
    await expect(load()).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    await store.delete([key])
    await expect(load()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await store.put(`${outputPrefix}manifest.json`, Buffer.from('{"schemaVersion":1}'), {
      contentType: 'application/json',
    })
    await expect(readDatasetManifest(store, outputPrefix)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
  })

  it('is deleted if the store fails half way', async () => {
    await using place = await workplace()
    const archive = await zipOf(twoClasses)
    // A store whose disk is full when the labels come.
    const put = place.store.put.bind(place.store)
    place.store.put = (key, body, options) =>
      key.endsWith('test-labels.bin') ? Promise.reject(new Failure('DISK_FULL', 'no space')) : put(key, body, options)
    expect((await failureOf(place.prepare(archive))).code).toBe('DISK_FULL')
    expect(await place.leftovers()).toEqual([])
  })
})
