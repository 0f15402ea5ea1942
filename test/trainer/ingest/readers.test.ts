import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadSplit } from '@imclr/trainer/input/testing'
import { requirePart } from '../../support/parts.js'
import { python } from '../../support/python.js'
import { failureOf, noise, noisePng, outputPrefix, pngOf, tarGzOf, tarOf, workplace, zipOf } from './uploads.js'
import type { Entries, Prepared } from './uploads.js'

const names = ['zebra', 'ant', 'cow', 'dog', 'eel', 'fox', 'gnu', 'hen', 'ibis', 'jay']
const sorted = names.toSorted()
const side = 32
const [trainCount, testCount, largeCount] = [40, 20, 20]
const of = (count: number) => Int32Array.from({ length: count }, (_, i) => (i * 3) % 10)
const train = { images: noise(1, trainCount * side * side * 3), labels: of(trainCount) }
const test = { images: noise(2, testCount * side * side * 3), labels: of(testCount) }
const large = { images: noise(3, largeCount * 96 * 96 * 3), labels: of(largeCount) }
const namedLabels = (labels: Int32Array) => Array.from(labels, (label) => sorted.indexOf(names[label]!))
const greenOf = (images: Uint8Array) => images.map((_, i) => images[i - (i % 3) + 1]!)

/** The pictures and labels of a version's split, in their order. */
const splitOf = async ({ store, manifest }: Prepared, split: 'train' | 'test' | 'unlabelled') => {
  const { images, labels } = await loadSplit({ store, prefix: outputPrefix, manifest, split })
  return { images, labels: [...labels] }
}
/** The same with a digest for the pixels: comparing hundreds of thousands one by one takes a minute. */
const digestOf = (images: Uint8Array) => createHash('sha256').update(images).digest('hex')
const digested = ({ images, labels }: { images: Uint8Array; labels: ArrayLike<number> }) => ({
  images: digestOf(images),
  labels: Array.from(labels),
})
const seen = async (prepared: Prepared, split: 'train' | 'test' | 'unlabelled') =>
  digested(await splitOf(prepared, split))

describe.skipIf(!requirePart('python'))('data sets as they are published', () => {
  const archives = new Map<string, Entries>()
  const entriesOf = (name: string): Entries => archives.get(name)!.map(([path, content]) => [path, content])
  beforeAll(() => {
    const shape = (count: number, size: number) => [count, size, size, 3]
    const { value, arrays } = python<[string, string][]>('archives.py', { names }, [
      { data: train.images, shape: shape(trainCount, side) },
      { data: train.labels, shape: [trainCount] },
      { data: test.images, shape: shape(testCount, side) },
      { data: test.labels, shape: [testCount] },
      { data: large.images, shape: shape(largeCount, 96) },
      { data: large.labels, shape: [largeCount] },
    ])
    value.forEach(([name, path], i) =>
      archives.set(name, [...(archives.get(name) ?? []), [path, arrays[i]!.data as Uint8Array]]),
    )
  }, 120_000)

  it('are CIFAR-10, binary and from Python: one version, whichever archive', async () => {
    await using place = await workplace()
    const binary = await place.prepare(await tarGzOf(entriesOf('cifar10-binary')))
    expect(binary.manifest).toMatchObject({
      format: 'cifar-binary in tar.gz',
      classes: sorted,
      testWasGiven: true,
      folds: null,
    })
    expect(await seen(binary, 'train')).toEqual(digested({ images: train.images, labels: namedLabels(train.labels) }))
    const again = await place.prepare(await tarGzOf(entriesOf('cifar10-python')))
    expect(again.manifest).toMatchObject({ format: 'cifar-python in tar.gz', versionId: binary.manifest.versionId })
    // Written by Python 3, and in a zip, where files are unpacked to be read.
    const third = await place.prepare(await zipOf(entriesOf('cifar10-python3')))
    expect(third.manifest).toMatchObject({ format: 'cifar-python in zip', versionId: binary.manifest.versionId })
  }, 120_000)

  it('are CIFAR-100, binary and from Python, by fine labels or by coarse ones', async () => {
    await using place = await workplace()
    for (const [labels, classes, expected] of [
      ['fine', sorted, namedLabels(test.labels)],
      ['coarse', ['group0', 'group1'], Array.from(test.labels, (label) => Math.floor(label / 5))],
    ] as const) {
      const binary = await place.prepare(await tarOf(entriesOf('cifar100-binary')), { labels })
      expect(binary.manifest.classes).toEqual(classes)
      expect(await seen(binary, 'test')).toEqual(digested({ images: test.images, labels: expected }))
      const pickled = await place.prepare(await tarOf(entriesOf('cifar100-python')), { labels })
      expect(pickled.manifest.versionId).toBe(binary.manifest.versionId)
    }
    for (const name of ['cifar10-binary', 'cifar10-python', 'idx']) {
      const { issues } = await failureOf(place.prepare(await tarOf(entriesOf(name)), { labels: 'coarse' }))
      expect(issues).toMatchObject([{ code: 'NO_COARSE_LABELS' }])
    }
  }, 120_000)

  it('are STL-10, with its unlabelled images and its folds', async () => {
    await using place = await workplace()
    const prepared = await place.prepare(await tarGzOf(entriesOf('stl10')))
    expect(prepared.manifest).toMatchObject({
      format: 'stl10-binary in tar.gz',
      classes: sorted,
      picture: { height: 96, width: 96 },
      splits: { unlabelled: { count: 3 } },
    })
    expect(await seen(prepared, 'train')).toEqual(digested({ images: large.images, labels: namedLabels(large.labels) }))
    expect(await seen(prepared, 'test')).toEqual(
      digested({ images: large.images.map((value) => 255 - value), labels: namedLabels(large.labels) }),
    )
    expect(await seen(prepared, 'unlabelled')).toEqual(
      digested({ images: large.images.subarray(0, 3 * 96 * 96 * 3).map((value) => Math.floor(value / 2)), labels: [] }),
    )
    const folds = Buffer.from(await prepared.store.read(outputPrefix + prepared.manifest.folds!.path)).toString()
    expect(JSON.parse(folds)).toEqual([
      [0, 3, 7],
      [19, 1, 0],
    ])
    // A test image that is training image 3 as well: it is in no fold then, and the places of later ones have moved up.
    const entries = entriesOf('stl10')
    const pixels = Buffer.from(entries.find(([path]) => path === 's/test_X.bin')![1] as Uint8Array)
    pixels.set(
      (entries.find(([path]) => path === 's/train_X.bin')![1] as Uint8Array).subarray(3 * 27_648, 4 * 27_648),
      0,
    )
    const removed = await place.prepare(
      await tarOf(entries.map(([path, content]) => [path, path === 's/test_X.bin' ? pixels : content])),
    )
    expect(
      JSON.parse(Buffer.from(await removed.store.read(outputPrefix + removed.manifest.folds!.path)).toString()),
    ).toEqual([
      [0, 6],
      [18, 1, 0],
    ])
  }, 120_000)

  it("are SVHN's cropped digits, compressed or not, and one file alone", async () => {
    await using place = await workplace()
    const both = await place.prepare(await tarOf(entriesOf('svhn')))
    expect(both.manifest).toMatchObject({
      format: 'svhn in tar',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    })
    expect(await seen(both, 'train')).toEqual(digested({ images: train.images, labels: [...train.labels] }))
    expect(await seen(both, 'test')).toEqual(digested({ images: test.images, labels: [...test.labels] }))
    const alone = await place.prepare(entriesOf('svhn')[0]![1] as Uint8Array)
    expect(alone.manifest).toMatchObject({
      format: 'svhn in file',
      testWasGiven: false,
      splits: { train: { count: 30 }, test: { count: 10 } },
    })
  }, 120_000)

  it('are idx files, gzipped or not', async () => {
    await using place = await workplace()
    const prepared = await place.prepare(await zipOf(entriesOf('idx')))
    expect(prepared.manifest).toMatchObject({
      format: 'idx in zip',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      picture: { height: 32, width: 32 },
    })
    expect(await seen(prepared, 'train')).toEqual(
      digested({ images: greenOf(train.images), labels: [...train.labels] }),
    )
    expect(await seen(prepared, 'test')).toEqual(digested({ images: greenOf(test.images), labels: [...test.labels] }))
  }, 120_000)

  it('are npz and npy: channels last and first, in C order and Fortran order, labels of any width', async () => {
    await using place = await workplace()
    const npz = await place.prepare(entriesOf('npz')[0]![1] as Uint8Array)
    expect(npz.manifest.format).toBe('numpy in zip')
    for (const prepared of [
      npz,
      await place.prepare(await tarOf(entriesOf('npy-channels-first'))),
      await place.prepare(await tarOf(entriesOf('npy-fortran'))),
    ]) {
      expect(await seen(prepared, 'train')).toEqual(digested({ images: train.images, labels: [...train.labels] }))
      expect(await seen(prepared, 'test')).toEqual(digested({ images: test.images, labels: [...test.labels] }))
      expect(prepared.manifest.versionId).toBe(npz.manifest.versionId)
    }
    const wide = await place.prepare(await tarOf(entriesOf('npy-wide')))
    expect(wide.manifest.picture).toMatchObject({ height: 16, width: 32 })
  }, 120_000)

  it('are refused if they are incomplete, contradict their headers or hold impossible labels, and nothing is left behind', async () => {
    await using place = await workplace()
    const changed = (name: string, path: string, change: (bytes: Buffer) => Uint8Array): Entries =>
      entriesOf(name).map(([at, content]) => [at, at === path ? change(Buffer.from(content as Uint8Array)) : content])
    const short = (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)
    const put = (at: number, value: number) => (bytes: Buffer) =>
      bytes.fill(value, at < 0 ? bytes.length + at : at, at < 0 ? bytes.length + at + 1 : at + 1)
    const cases: [Entries, string, RegExp?][] = [
      [changed('cifar10-python', 'c/data_batch_1', short), 'c/data_batch_1 DAMAGED', /ends early/],
      [changed('cifar10-python', 'c/batches.meta', () => Buffer.from('800263', 'hex')), 'c/batches.meta DAMAGED'],
      [
        changed('cifar10-python', 'c/test_batch', (bytes) =>
          Buffer.from(bytes.toString('latin1').replace('U\tfilenames', 'I1\n'), 'latin1'),
        ),
        'c/test_batch DAMAGED',
        /the opcode 0x49/,
      ],
      [entriesOf('evil-pickle'), 'data_batch_1 DAMAGED', /the name "posix system"/],
      [changed('cifar100-binary', 'c/train.bin', short), 'c/train.bin RECORD_LENGTH'],
      [changed('stl10', 's/train_X.bin', short), 's/train_X.bin RECORD_LENGTH'],
      [changed('stl10', 's/train_y.bin', (bytes) => bytes.subarray(1)), 's/train_X.bin LABELS_DIFFER'],
      [changed('stl10', 's/train_y.bin', put(1, 0)), 's/train_X.bin/00001 LABEL_OUT_OF_RANGE'],
      [changed('stl10', 's/train_y.bin', put(2, 11)), 's/train_X.bin/00002 LABEL_OUT_OF_RANGE'],
      [changed('stl10', 's/fold_indices.txt', () => Buffer.from('0 20\n')), 's/fold_indices.txt FOLD_OUT_OF_RANGE'],
      [changed('svhn', 'train_32x32.mat', short), 'train_32x32.mat DAMAGED'],
      [changed('svhn', 'train_32x32.mat', put(1000, 99)), 'train_32x32.mat DAMAGED'],
      [changed('svhn', 'test_32x32.mat', short), 'test_32x32.mat DAMAGED'],
      [changed('idx', 'm/train-images-idx3-ubyte.gz', short), 'm/train-images-idx3-ubyte.gz DAMAGED'],
      [changed('idx', 'm/t10k-images-idx3-ubyte', short), 'm/t10k-images-idx3-ubyte DAMAGED', /follow the header/],
      [entriesOf('idx').filter(([path]) => !path.includes('train-labels')), 'm/train-images-idx3-ubyte LABELS_DIFFER'],
      [entriesOf('idx').filter(([path]) => !path.includes('t10k-images')), 'm/t10k-labels-idx1-ubyte IMAGES_MISSING'],
      [changed('npy-wide', 'images.npy', short), 'images.npy DAMAGED'],
      [changed('npy-wide', 'images.npy', put(12, 1)), 'images.npy DAMAGED', /header/],
      [entriesOf('npy-floats'), 'images.npy ARRAY_TYPE', /<f8/],
    ]
    for (const [entries, issue, message = /./] of cases) {
      const failure = await failureOf(place.prepare(await tarOf(entries)))
      expect([issue, failure.code, failure.issues.map(({ path, code }) => `${path} ${code}`)]).toEqual([
        issue,
        'DATASET_INVALID',
        [issue],
      ])
      expect(failure.message).toMatch(message)
      expect(await place.leftovers()).toEqual([])
    }
  }, 180_000)
})

describe('Tiny ImageNet', () => {
  const folder = (wnid: string, seed: number): Entries => [
    [`t/train/${wnid}/${wnid}_boxes.txt`, `${wnid}_0.JPEG\t0\t0\t9\t9`],
    ...[0, 1, 2].map((i): Entries[number] => [`t/train/${wnid}/images/${wnid}_${i}.JPEG`, noisePng(seed + i, 64)]),
  ]
  const annotations = 'val_0.JPEG\tn02\t0\t0\t9\t9\nval_1.JPEG\tn01\t0\t0\t9\t9\nval_2.JPEG\tn03\t0\t0\t9\t9\n'
  const archive: Entries = [
    ['t/wnids.txt', 'n02\nn01\nn03\n'],
    ['t/words.txt', 'n01\tgoldfish, Carassius auratus\nn02\tcrane\nn03\tcrane, bird\nn09\tother\n'],
    ...folder('n01', 10),
    ...folder('n02', 20),
    ...folder('n03', 30),
    ['t/val/val_annotations.txt', annotations],
    ...[0, 1, 2].map((i): Entries[number] => [`t/val/images/val_${i}.JPEG`, noisePng(i, 64)]),
    ['t/test/images/test_0.JPEG', noisePng(99, 64)],
  ]

  it('is read in its own layout: validation as test, words as names', async () => {
    await using place = await workplace()
    const { manifest } = await place.prepare(await zipOf(archive))
    expect(manifest).toMatchObject({
      format: 'tiny-imagenet in zip',
      classes: ['crane (n02)', 'crane (n03)', 'goldfish'],
      testWasGiven: true,
      picture: { height: 64, width: 64 },
    })
    expect([manifest.splits.train.perClass, manifest.splits.test.perClass, manifest.splits.unlabelled.count]).toEqual([
      [3, 3, 3],
      [1, 1, 1],
      0,
    ])
  })

  it('names files without a class, and annotations without a file', async () => {
    await using place = await workplace()
    const wrong: Entries = [
      ...archive.filter(([path]) => path !== 't/val/images/val_1.JPEG'),
      ['t/train/n77/images/n77_0.JPEG', noisePng(50, 64)],
      ['t/val/images/val_9.JPEG', noisePng(51, 64)],
    ]
    const { issues } = await failureOf(place.prepare(await zipOf(wrong)))
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(
      expect.arrayContaining([
        't/train/n77/images/n77_0.JPEG NOT_IN_A_CLASS',
        't/val/images/val_9.JPEG NOT_IN_A_CLASS',
        't/val/val_annotations.txt FILE_MISSING',
      ]),
    )
  })
})

describe('a JSON-lines manifest', () => {
  const pictures: Entries = Array.from({ length: 6 }, (_, i) => [`set/img/${i}.png`, noisePng(i)])
  const lines = (...rows: unknown[]): Entries => [
    ['set/manifest.jsonl', rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')],
    ...pictures,
  ]

  it('gives path, label and split of each picture', async () => {
    await using place = await workplace()
    const rows = [
      { path: 'img/0.png', label: 'cat' },
      { path: './img/1.png', label: 7, split: 'train' },
      '',
      { path: 'img/2.png', label: 'cat', split: 'test', author: 'x' },
      { path: 'img/3.png', label: 7, split: 'test' },
      { path: 'img/4.png', split: 'unlabelled' },
      { path: 'img/5.png', label: null, split: 'unlabeled' },
    ]
    const { manifest } = await place.prepare(await zipOf(lines(...rows)))
    expect(manifest).toMatchObject({ format: 'json-lines in zip', classes: ['7', 'cat'], testWasGiven: true })
    expect([manifest.splits.train.perClass, manifest.splits.test.perClass, manifest.splits.unlabelled.count]).toEqual([
      [1, 1],
      [1, 1],
      2,
    ])
  })

  it('is refused with the number of the bad line, or with the name of a second table', async () => {
    await using place = await workplace()
    for (const row of [
      '{"path": "img/0.png"',
      '[1]',
      '{"path": 3, "label": "cat"}',
      '{"path": "img/0.png", "label": 1.5}',
    ]) {
      expect(
        (await failureOf(place.prepare(await zipOf(lines({ path: 'img/1.png', label: 'cat' }, row))))).issues,
      ).toMatchObject([{ path: 'set/manifest.jsonl:2', code: 'LABELS_UNREADABLE' }])
    }
    const { issues } = await failureOf(
      place.prepare(await zipOf([...lines({ path: 'img/0.png', label: 'cat' }), ['set/labels.csv', 'path,label\n']])),
    )
    expect(issues).toMatchObject([{ code: 'TABLE_TWICE' }])
    const missing = await failureOf(
      place.prepare(await zipOf(lines({ path: 'img/0.png' }, { path: 'img/9.png', label: 'cat' }))),
    )
    expect(missing.issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'set/manifest.jsonl:1 LABEL_MISSING',
      'set/manifest.jsonl:2 FILE_MISSING',
    ])
  })
})

describe('Parquet', () => {
  const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))
  /** What parquet.py drew: 8 x 10 pixels, picture i of a part. */
  const drawn = (offset: number, i: number) =>
    Uint8Array.from({ length: 240 }, (_, at) => (at * 7 + i * 31 + offset) % 256)

  it('gives pictures in bytes, labels by the names in its metadata, and splits by file names', async () => {
    await using place = await workplace()
    const prepared = await place.prepare(
      await zipOf([
        ['data/train-00000-of-00001.parquet', fixture('train.parquet')],
        ['data/test-00000-of-00001.parquet', fixture('test.parquet')],
        ['README.md', 'a card'],
      ]),
    )
    expect(prepared.manifest).toMatchObject({
      format: 'parquet in zip',
      classes: ['cat', 'dog', 'yak'],
      testWasGiven: true,
      picture: { height: 8, width: 10 },
    })
    const { images, labels } = await splitOf(prepared, 'train')
    expect(labels).toEqual([2, 0, 1, 2, 0, 1, 2, 0, 1]) // yak, cat, dog in the files' order
    for (let i = 0; i < 9; i++) expect(images.subarray(i * 240, (i + 1) * 240)).toEqual(drawn(0, i))
    expect((await splitOf(prepared, 'test')).labels).toEqual([2, 0, 1])
  })

  it('may be uploaded without an archive, with labels that are strings or numbers', async () => {
    await using place = await workplace()
    const strings = await place.prepare(fixture('strings.parquet'))
    expect(strings.manifest).toMatchObject({ format: 'parquet in file', classes: ['hot', 'not'], testWasGiven: false })
    const coarse = await failureOf(place.prepare(fixture('strings.parquet'), { labels: 'coarse' }))
    expect(coarse.issues).toMatchObject([{ code: 'NO_COARSE_LABELS' }])
  })

  it('is refused when cut off, or when rows have no picture or no label', async () => {
    await using place = await workplace()
    const whole = fixture('train.parquet')
    for (const broken of [
      whole.subarray(0, whole.length - 9),
      Buffer.concat([whole.subarray(0, 200), Buffer.alloc(100), whole.subarray(300)]),
    ]) {
      const failure = await failureOf(place.prepare(broken))
      expect(failure.code).toBe('DATASET_INVALID')
      expect(await place.leftovers()).toEqual([])
    }
    const { issues } = await failureOf(place.prepare(fixture('holes.parquet')))
    expect(issues.map(({ path, code }) => `${path.split('/').at(-1)} ${code}`)).toEqual([
      '000001 BYTES_MISSING',
      '000002 LABEL_MISSING',
      '000003 LABEL_OUT_OF_RANGE',
    ])
    const { manifest } = await place.prepare(fixture('holes.parquet'), { onProblem: 'skip' })
    expect(manifest.skippedCount).toBe(3)
  })
})

describe('sizes', () => {
  const wide = (count: number, seed: number, { height, width } = { height: 12, width: 20 }): Entries =>
    ['a', 'b'].flatMap((name, c) =>
      Array.from({ length: count }, (_, i): Entries[number] => [
        `${name}/${i}.png`,
        pngOf(noise(seed + 100 * c + i, height * width * 3), { height, width }),
      ]),
    )

  it('need not be square: the common size is taken, or the one in the options', async () => {
    await using place = await workplace()
    const common = await place.prepare(await zipOf(wide(4, 0)))
    expect(common.manifest.picture).toMatchObject({ height: 12, width: 20 })
    const { images } = await splitOf(common, 'train')
    expect(images.length % (12 * 20 * 3)).toBe(0)
    const asked = await place.prepare(await zipOf(wide(4, 0)), { imageSize: { height: 9, width: 15 } })
    expect(asked.manifest.picture).toMatchObject({ height: 9, width: 15 })
    expect(asked.manifest.splits.test.shards[0]!.bytes).toBe(2 * 9 * 15 * 3)
  })

  it('of at least 8 pixels are kept, and 64 x 64 is taken if they differ or are above 96', async () => {
    await using place = await workplace()
    for (const [size, expected] of [
      [{ height: 8, width: 8 }, 8],
      [{ height: 97, width: 97 }, 64],
    ] as const) {
      expect((await place.prepare(await zipOf(wide(2, 0, size)))).manifest.picture).toMatchObject({
        height: expected,
        width: expected,
      })
    }
    const mixed = await place.prepare(await zipOf([...wide(2, 0), ['a/x.png', noisePng(77, 20)]]))
    expect(mixed.manifest.picture).toMatchObject({ height: 64, width: 64 })
  })
})
