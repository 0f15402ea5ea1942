import { describe, expect, it } from 'vitest'
import { evaluationReport, readPredictions, writePredictions } from '@imclr/contract'
import { readDatasetManifest } from '@imclr/trainer/input/testing'
import { cifar10, cifar100, labelsOf, parseNpy } from '@imclr/trainer/ingest/testing'
import { evaluateStored, chosenRows } from '@imclr/trainer/evaluation/testing'
import { requirePart } from '../../support/parts.js'
import { python } from '../../support/python.js'
import { npyOf } from './npyOf.js'
import { failureOf, noise, outputPrefix, tarOf, workplace, zipOf, type Entries } from './uploads.js'

const side = 8
const size = side * side * 3
const images = 12
const classes = ['bee', 'ant', 'cat'] // by number, not by name
const labels = Uint8Array.from({ length: 5 * images }, (_, i) => (i % images) % 3)
/** The red of the first pixel says what a "model" will answer: right in all but some rows. */
const wrongAt = (corruption: number, severity: number) => (corruption === 0 ? severity - 1 : 2)
function pictures(corruption: number): Uint8Array {
  const bytes = noise(corruption, 5 * images * size)
  for (let row = 0; row < 5 * images; row++) {
    const wrong = row % images < wrongAt(corruption, Math.floor(row / images) + 1)
    bytes[row * size] = wrong ? (labels[row]! + 1) % 3 : labels[row]!
  }
  return bytes
}
const entries = (change: Entries = []): Entries => [
  ['CIFAR-C/labels.npy', npyOf('|u1', [5 * images], labels)],
  ['CIFAR-C/classes.txt', `${classes.join('\n')}\n`],
  ['CIFAR-C/spatter.npy', npyOf('|u1', [5 * images, side, side, 3], pictures(2))],
  ['CIFAR-C/gaussian_noise.npy', npyOf('|u1', [5 * images, side, side, 3], pictures(0))],
  ['CIFAR-C/fog.npy', npyOf('|u1', [5 * images, side, side, 3], pictures(1))],
  ...change,
]
const without = (name: string) => entries().filter(([path]) => path !== `CIFAR-C/${name}`)
const predict = (some: Uint8Array, count: number) => {
  const out = new Float32Array(count * 3).fill(0.2)
  for (let i = 0; i < count; i++) out[i * 3 + some[i * size]!] = 0.6
  return out
}

describe('a stored evaluation set', () => {
  it('becomes a version whose test images are its rows, corruption by corruption, severity 1 first', async () => {
    await using place = await workplace()
    const { manifest, store } = await place.prepare(await tarOf(entries()))
    expect(manifest).toMatchObject({
      classes,
      format: 'stored corruptions in tar',
      picture: { height: side, width: side },
      originals: [],
      corruptionPreview: null,
    })
    expect([manifest.splits.train.count, manifest.splits.test.count, manifest.splits.unlabelled.count]).toEqual([
      0,
      3 * 5 * images,
      0,
    ])
    expect(manifest.splits.test.perClass).toEqual([60, 60, 60])
    const order = ['gaussian_noise', 'fog', 'spatter']
    expect(manifest.storedCells).toEqual(
      order.flatMap((corruption, c) =>
        [1, 2, 3, 4, 5].map((severity) => ({
          corruption,
          severity,
          first: (c * 5 + severity - 1) * images,
          count: images,
        })),
      ),
    )
    const stored = Buffer.concat(
      await Promise.all(manifest.splits.test.shards.map(({ path }) => store.read(outputPrefix + path))),
    )
    expect(Buffer.compare(stored, Buffer.concat([0, 1, 2].map(pictures)))).toBe(0)
    const zipped = await place.prepare(await zipOf(entries()))
    expect(zipped.manifest.versionId).toBe(manifest.versionId)
  })

  it('is evaluated for each corruption and severity, in whatever order the model has its classes', async () => {
    await using place = await workplace()
    const { store } = await place.prepare(await tarOf(entries()))
    const manifest = await readDatasetManifest(store, outputPrefix)
    const found = await evaluateStored({
      store,
      prefix: outputPrefix,
      manifest,
      predict,
      labelOf: (label) => label,
      spec: { corruptionImages: 'all' },
      seed: 1,
      batch: 5,
    })
    expect(found.corruption.cells.map(({ error }) => Math.round(error * images))).toEqual([
      0, 1, 2, 3, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    ])
    expect(found.corruption.meanError).toBeCloseTo((10 / 60 + 10 / 60) / 2, 12) // spatter is an extra one
    expect(found.corruption.cleanErrorOfSameImages).toBeNull()
    // Each prediction is made with 0.6: at severity 5, 4 and 2 of 12 images are wrong.
    expect(found.calibration.perSeverity[4]).toMatchObject({
      severity: 5,
      images: 24,
      ece: expect.closeTo(Math.abs(18 / 24 - 0.6), 6) as number,
    })
    evaluationReport.shape.corruption.parse(found.corruption)
    const file = readPredictions(writePredictions(found.predictions))
    expect([file.probabilities.length, file.images, file.cells.length, file.corruptedClasses.length]).toEqual([
      0,
      images,
      15,
      15 * images,
    ])

    const turned = (label: number) => (label + 1) % 3
    const shifted = (some: Uint8Array, count: number) => {
      const out = new Float32Array(count * 3).fill(0.2)
      for (let i = 0; i < count; i++) out[i * 3 + turned(some[i * size]!)] = 0.6
      return out
    }
    const again = await evaluateStored({
      store,
      prefix: outputPrefix,
      manifest,
      predict: shifted,
      labelOf: turned,
      spec: { corruptionImages: 'all' },
      seed: 1,
    })
    expect(again.corruption.cells).toEqual(found.corruption.cells)
  })

  it('is read the same, however many rows a shard has', async () => {
    await using place = await workplace()
    const { store, manifest } = await place.prepare(await tarOf(entries()))
    const evaluated = (split: typeof manifest) =>
      evaluateStored({
        store,
        prefix: outputPrefix,
        manifest: split,
        predict,
        labelOf: (label) => label,
        spec: { corruptionImages: 11 },
        seed: 2,
      })
    const whole = Buffer.concat(
      await Promise.all(manifest.splits.test.shards.map(({ path }) => store.read(outputPrefix + path))),
    )
    const found = await evaluated(manifest)
    for (const perShard of [7, 50, 180]) {
      // parts of a cell, several cells, all of them
      const shards: typeof manifest.splits.test.shards = []
      for (let first = 0; first < 180; first += perShard) {
        const bytes = whole.subarray(first * size, (first + perShard) * size)
        const path = `other-${perShard}-${first}.bin`
        const { sha256 } = await store.put(outputPrefix + path, bytes, { contentType: 'application/octet-stream' })
        shards.push({ path, bytes: bytes.length, sha256, count: bytes.length / size })
      }
      const again = await evaluated({
        ...manifest,
        splits: { ...manifest.splits, test: { ...manifest.splits.test, shards } },
      })
      expect(again, `${perShard} in a shard`).toEqual(found)
    }
  })

  it('can be evaluated in part, with the same rows for every corruption and severity', async () => {
    await using place = await workplace()
    const { store, manifest } = await place.prepare(await tarOf(entries()))
    const { corruption, predictions } = await evaluateStored({
      store,
      prefix: outputPrefix,
      manifest,
      predict,
      labelOf: (label) => label,
      spec: { corruptionImages: 10 },
      seed: 4,
    })
    const rows = chosenRows(Uint16Array.from(labels.subarray(0, images)), 10, 4)
    expect(predictions.corruptedRows).toEqual(rows)
    const expected = [1, 2, 3, 4, 5].map((severity) => rows.filter((row) => row < wrongAt(0, severity)).length / 10)
    expect(corruption.cells.slice(0, 5).map(({ error }) => error)).toEqual(expected)
    const none = evaluateStored({
      store,
      prefix: outputPrefix,
      manifest,
      predict,
      labelOf: (label) => label,
      spec: { corruptionImages: 'none' },
      seed: 4,
    })
    expect(await failureOf(none)).toMatchObject({ code: 'BAD_INPUT' })
  })

  it('uses the class names of CIFAR-10 or CIFAR-100, by the number of classes, if it has no names', async () => {
    await using place = await workplace()
    const ten = Uint8Array.from({ length: 50 }, (_, i) => i % 10)
    const set: Entries = [
      ['labels.npy', npyOf('<i8', [50], new Uint8Array(BigInt64Array.from(ten, BigInt).buffer))],
      ['snow.npy', npyOf('|u1', [50, side, side, 3], noise(3, 50 * size))],
    ]
    const { manifest } = await place.prepare(await tarOf(set))
    expect(manifest.classes).toEqual(cifar10)
    expect([cifar10.length, cifar100.length, new Set(cifar100).size]).toEqual([10, 100, 100])
    expect([...cifar10].sort()).toEqual(cifar10)
    expect([...cifar100].sort()).toEqual(cifar100)
  })

  it('is not assumed for labels next to images whose file names are no corruptions', async () => {
    await using place = await workplace()
    const { manifest } = await place.prepare(
      await tarOf([
        ['labels.npy', npyOf('|u1', [60], labels)],
        ['images.npy', npyOf('|u1', [60, side, side, 3], noise(4, 60 * size))],
      ]),
    )
    expect(manifest).toMatchObject({ storedCells: null, classes: ['0', '1', '2'] })
  })

  it.each<[string, Entries, RegExp]>([
    [
      'a file of no corruption',
      entries([['CIFAR-C/rain.npy', npyOf('|u1', [1], Uint8Array.of(1))]]),
      /rain\.npy: it has the name of no corruption/,
    ],
    [
      'extra corruptions alone',
      without('gaussian_noise.npy').filter(([path]) => path !== 'CIFAR-C/fog.npy'),
      /no file of a corruption of the benchmark/,
    ],
    [
      'too few rows',
      [...without('fog.npy'), ['CIFAR-C/fog.npy', npyOf('|u1', [images, side, side, 3], noise(1, images * size))]],
      /fog\.npy: its shape is \(12, 8, 8, 3\), not \(60, 8, 8, 3\)/,
    ],
    [
      'other labels at another severity',
      [
        ...without('labels.npy'),
        [
          'CIFAR-C/labels.npy',
          npyOf(
            '|u1',
            [60],
            labels.map((label, i) => (i === 30 ? (label + 1) % 3 : label)),
          ),
        ],
      ],
      /label 30 is/,
    ],
    [
      'a file that is cut off',
      [...without('fog.npy'), ['CIFAR-C/fog.npy', npyOf('|u1', [60, side, side, 3], pictures(1)).subarray(0, 5000)]],
      /fog\.npy: it has \d+ bytes of values/,
    ],
    ['classes that nobody knows', without('classes.txt'), /it numbers 3 classes/],
    [
      'pictures of floats',
      [
        ...without('gaussian_noise.npy'),
        ['CIFAR-C/gaussian_noise.npy', npyOf('<f4', [60, side], new Uint8Array(60 * side * 4))],
      ],
      /pictures are uint8/,
    ],
  ])('is refused for %s, and nothing is left', async (_, set, message) => {
    await using place = await workplace()
    const failure = await failureOf(place.prepare(await tarOf(set)))
    expect(failure.code).toBe('DATASET_INVALID')
    expect(failure.message).toMatch(message)
    expect(failure.issues.every(({ fix }) => fix !== undefined && fix !== '')).toBe(true)
    expect(await place.leftovers()).toEqual([])
  })
})

describe.skipIf(!requirePart('python'))('files that numpy wrote', () => {
  it('are read as numpy reads them', () => {
    const { value, arrays } = python<{ type: string; shape: number[] }[]>('npy.py', null)
    expect(value).toHaveLength(arrays.length / 2)
    value.forEach(({ type, shape }, i) => {
      const parsed = parseNpy(arrays[2 * i]!.data as Uint8Array)
      expect([parsed.type, parsed.shape]).toEqual([type, shape])
      expect(Buffer.compare(parsed.bytes, arrays[2 * i + 1]!.data as Uint8Array)).toBe(0)
      if (shape.length === 1) expect([...labelsOf(parsed)]).toEqual([0, 1, 2, 3, 99])
    })
  })
})
