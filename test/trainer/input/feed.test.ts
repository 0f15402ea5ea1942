import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prepareOptions, trainingSpec } from '@imclr/contract'
import type { TrainingSpecInput } from '@imclr/contract'
import {
  balancedOrder,
  batchesOf,
  epochOrder,
  trainingFeed,
  classWeights,
  labelEntropy,
  softLabels,
  type LoadedSplit,
  drawPartners,
  stackPairs,
} from '@imclr/trainer/input/testing'
import { splitItems } from '@imclr/trainer/ingest/testing'
import { drawMix } from '@imclr/trainer/image/testing'
import { stream, stratifiedOrder } from '@imclr/trainer/random/testing'
import { noise } from '../ingest/uploads.js'

/** Pixels whose three channels are v, v + 100 and v + 200. */
const pixels = (...values: number[]) => Uint8Array.from(values.flatMap((v) => [v, v + 100, v + 200]))

describe('stackPairs', () => {
  // Three images of one row and two pixels, two classes.
  const images = pixels(1, 2, 3, 4, 5, 6)
  const labels = Float32Array.of(1, 0, 0, 1, 0.5, 0.5)
  const stack = (axis: 'height' | 'width', lists: number[][], height = 1) => {
    const count = labels.length / 2
    const out = { images: new Uint8Array(images.length * (lists.length + 1)), labels: new Float32Array(count * 2) }
    stackPairs(
      {
        images,
        labels,
        partners: lists.map((places) => ({ images, labels, places })),
        axis,
        height,
        width: 2 / height,
        classes: 2,
      },
      out,
    )
    return out
  }

  it('puts partners below, and means the labels', () => {
    expect(stack('height', [[1, 2, 2]])).toEqual({
      images: pixels(1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 5, 6),
      labels: Float32Array.of(0.5, 0.5, 0.25, 0.75, 0.5, 0.5),
    })
  })

  it('puts partners beside, row by row', () => {
    // Two rows of one pixel.
    expect(stack('width', [[1, 2, 0]], 2).images).toEqual(pixels(1, 3, 2, 4, 3, 5, 4, 6, 5, 1, 6, 2))
  })

  it('stacks any number', () => {
    const { images: three, labels: means } = stack('height', [
      [1, 1, 1],
      [2, 0, 2],
    ])
    expect(three).toEqual(pixels(1, 2, 3, 4, 5, 6, 3, 4, 3, 4, 1, 2, 5, 6, 3, 4, 5, 6))
    expect([...means].map((value) => Math.fround(value * 6))).toEqual(
      [3, 3, 2, 4, 2, 4].map((value) => expect.closeTo(value, 5)),
    )
    expect(
      stack('width', [
        [0, 1, 2],
        [0, 1, 2],
      ]).images,
    ).toEqual(pixels(1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4, 5, 6, 5, 6, 5, 6))
  })

  it('takes partners from outside the batch, and refuses an output of the wrong size', () => {
    const out = { images: new Uint8Array(36), labels: new Float32Array(6) }
    stackPairs(
      {
        images,
        labels,
        partners: [{ images: pixels(9, 9), labels: Float32Array.of(0, 1), places: [0, 0, 0] }],
        axis: 'height',
        height: 1,
        width: 2,
        classes: 2,
      },
      out,
    )
    expect([out.images, out.labels]).toEqual([
      pixels(1, 2, 9, 9, 3, 4, 9, 9, 5, 6, 9, 9),
      Float32Array.of(0.5, 0.5, 0, 1, 0.25, 0.75),
    ])
    expect(() =>
      stackPairs({ images, labels, partners: [], axis: 'height', height: 1, width: 2, classes: 2 }, out),
    ).toThrow(RangeError)
  })
})

describe('labels', () => {
  it('are one-hot, or smooth by hand', () => {
    const rows = (smoothing: number) => {
      const out = new Float32Array(8)
      softLabels(Uint16Array.of(3, 0, 1), [1, 0], { classes: 4, smoothing, out })
      return [...out]
    }
    expect(rows(0)).toEqual([1, 0, 0, 0, 0, 0, 0, 1])
    expect(rows(0.2)).toEqual([0.85, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.85].map((value) => expect.closeTo(value, 6)))
  })

  it('have the entropy of method.md: ln 2 for two classes in one pair, nothing for one', () => {
    expect(labelEntropy(Float32Array.of(0.5, 0.5, 0, 1, 0, 0), 3)).toBeCloseTo(Math.LN2 / 2, 7)
    expect(labelEntropy(Float32Array.of(0.25, 0.75), 2)).toBeCloseTo(
      -(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75)),
      7,
    )
  })
})

describe('partners', () => {
  const spec = (stacking: object) => trainingSpec.parse({ stacking }).stacking
  const draw = (stacking: object, place: object = {}) =>
    drawPartners({ seed: 3, epoch: 1, step: 2, batchSize: 6, count: 1000, stacking: spec(stacking), ...place })

  it('are permutations of the mini-batch, one for each further image', () => {
    const { lists } = draw({ images: 3 })
    expect(lists).toHaveLength(2)
    for (const list of lists) expect([...list].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(draw({ images: 2 }).lists[0]).toEqual(lists[0])
  })

  it('are drawn from all images when independent', () => {
    const places = Array.from({ length: 400 }, (_, step) => [
      ...draw({ pairing: 'independent' }, { step }).lists[0]!,
    ]).flat()
    expect(Math.max(...places)).toBeGreaterThan(950)
    expect(places.reduce((a, b) => a + b) / places.length).toBeCloseTo(499.5, -2)
  })

  it('are the same whatever the probability, which decides whether a whole batch is stacked', () => {
    const batches = Array.from(
      { length: 2000 },
      (_, step) => [draw({}, { step }), draw({ probability: 0.3 }, { step })] as const,
    )
    for (const [always, sometimes] of batches) expect(sometimes.lists).toEqual(always.lists)
    expect(batches.every(([always]) => always.stacked)).toBe(true)
    expect(batches.filter(([, { stacked }]) => stacked).length / 2000).toBeCloseTo(0.3, 1)
    expect(draw({ probability: 0 }).stacked).toBe(false)
  })
})

describe('epochs', () => {
  it('have full batches only, at least one', () => {
    expect([batchesOf(500, 64), batchesOf(64, 64), batchesOf(63, 64), batchesOf(128, 64)]).toEqual([
      { batchSize: 64, stepsPerEpoch: 7 },
      { batchSize: 64, stepsPerEpoch: 1 },
      { batchSize: 63, stepsPerEpoch: 1 },
      { batchSize: 64, stepsPerEpoch: 2 },
    ])
  })

  it('have orders of their own', () => {
    expect([...epochOrder(100, 1, 0)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(epochOrder(100, 1, 0)).not.toEqual(epochOrder(100, 1, 1))
    expect(epochOrder(100, 1, 0)).not.toEqual(epochOrder(100, 2, 0))
  })
})

describe('trainingFeed', () => {
  const count = 50
  const side = 8
  const split: LoadedSplit = {
    count,
    height: side,
    width: side,
    classes: 5,
    images: noise(1, count * side * side * 3),
    labels: Uint16Array.from({ length: count }, (_, i) => i % 5),
  }
  const feed = (spec: TrainingSpecInput) => trainingFeed(split, trainingSpec.parse({ batchSize: 16, ...spec }))
  const copy = ({
    images,
    labels,
    labelEntropy: entropy,
  }: {
    images: Uint8Array
    labels: Float32Array
    labelEntropy: number
  }) => ({ images: images.slice(), labels: labels.slice(), entropy })
  const size = side * side * 3

  it('gives the same batch for the same position, whatever was asked before', () => {
    for (const mode of ['baseline', 'imclr'] as const) {
      const straight = feed({ mode })
      const all = [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((step) => copy(straight.batch(epoch, step))))
      const resumed = feed({ mode })
      expect(copy(resumed.batch(2, 1))).toEqual(all[7])
      expect(copy(resumed.batch(0, 2))).toEqual(all[2])
      expect(copy(feed({ mode, seed: 2 }).batch(2, 1))).not.toEqual(all[7])
    }
    expect(() => feed({}).batch(0, 3)).toThrow(RangeError)
  })

  it("shows ImCLR the baseline's images in the baseline's order, augmented alike, each once more as a partner", () => {
    const single = copy(feed({ mode: 'baseline' }).batch(1, 2))
    const stacked = feed({ mode: 'imclr' })
    const pairs = copy(stacked.batch(1, 2))
    expect([stacked.inputSizes, pairs.images.length]).toEqual([[{ height: 16, width: 8 }], 2 * single.images.length])
    const { lists } = drawPartners({
      seed: 1,
      epoch: 1,
      step: 2,
      batchSize: 16,
      count,
      stacking: trainingSpec.parse({}).stacking,
    })
    for (let i = 0; i < 16; i++) {
      const [first, second] = [i, lists[0]![i]!].map((place) =>
        single.images.subarray(place * size, (place + 1) * size),
      )
      expect(pairs.images.subarray(2 * i * size, (2 * i + 1) * size)).toEqual(first)
      expect(pairs.images.subarray((2 * i + 1) * size, (2 * i + 2) * size)).toEqual(second)
      for (let c = 0; c < 5; c++)
        expect(pairs.labels[5 * i + c]).toBe((single.labels[5 * i + c]! + single.labels[5 * lists[0]![i]! + c]!) / 2)
    }
  })

  it('along a random axis: each batch is stacked along one of the two axes, about equally often, and says which', () => {
    const mix = { op: 'cutmix', probability: 1 } as const
    const of = (axis: 'height' | 'width' | 'random') =>
      feed({ mode: 'imclr', mix, stacking: { axis, order: 'stack-first' } })
    const [tall, wide, random] = [of('height'), of('width'), of('random')]
    expect(random.inputSizes).toEqual([
      { height: 16, width: 8 },
      { height: 8, width: 16 },
    ])
    const places = Array.from({ length: 60 }, (_, i) => [i % 20, Math.floor(i / 20)] as const)
    const sizes = places.map(([epoch, step]) => {
      const drawn = random.batch(epoch, step)
      const { size: which } = drawn
      const one = copy(drawn)
      expect(one).toEqual(copy([tall, wide][which]!.batch(epoch, step)))
      expect(one.images).not.toEqual([wide, tall][which]!.batch(epoch, step).images)
      return which
    })
    // 60 draws of a fair coin: within 3 standard deviations, 11.6, of 30. The order of asking changes nothing.
    expect(Math.abs(sizes.filter((which) => which === 1).length - 30)).toBeLessThan(11.6)
    expect(
      [...places]
        .reverse()
        .map(([epoch, step]) => random.batch(epoch, step).size)
        .reverse(),
    ).toEqual(sizes)
    // Another seed draws another row, a baseline none.
    expect(
      places.map(
        ([epoch, step]) => feed({ mode: 'imclr', seed: 2, stacking: { axis: 'random' } }).batch(epoch, step).size,
      ),
    ).not.toEqual(sizes)
    expect(feed({ mode: 'baseline', stacking: { axis: 'random' } }).inputSizes).toEqual([{ height: 8, width: 8 }])
  })

  it('draws independent partners from outside the batch, and leaves the batch as it was', () => {
    const single = copy(feed({ mode: 'baseline', augment: [] }).batch(0, 0))
    const pairs = copy(
      feed({ mode: 'imclr', augment: [], stacking: { pairing: 'independent', axis: 'width' } }).batch(0, 0),
    )
    const { lists } = drawPartners({
      seed: 1,
      epoch: 0,
      step: 0,
      batchSize: 16,
      count,
      stacking: trainingSpec.parse({ stacking: { pairing: 'independent' } }).stacking,
    })
    const row = side * 3
    for (let i = 0; i < 16; i++) {
      for (let y = 0; y < side; y++) {
        const start = (i * side + y) * 2 * row
        expect(pairs.images.subarray(start, start + row)).toEqual(
          single.images.subarray((i * side + y) * row, (i * side + y + 1) * row),
        )
        const partner = lists[0]![i]! * size + y * row
        expect(pairs.images.subarray(start + row, start + 2 * row)).toEqual(
          split.images.subarray(partner, partner + row),
        )
      }
      expect(pairs.labels[5 * i + split.labels[lists[0]![i]!]!]).toBeGreaterThanOrEqual(0.5)
    }
  })

  it('stacks an unstacked batch with itself, its labels untouched', () => {
    const single = copy(feed({ mode: 'baseline' }).batch(0, 1))
    for (const pairing of ['permutation', 'independent'] as const) {
      const pairs = copy(feed({ mode: 'imclr', stacking: { probability: 0, pairing } }).batch(0, 1))
      expect(pairs.labels).toEqual(single.labels)
      expect(pairs.entropy).toBe(0)
      for (let i = 0; i < 32; i++)
        expect(pairs.images.subarray(i * size, (i + 1) * size)).toEqual(
          single.images.subarray((i >> 1) * size, ((i >> 1) + 1) * size),
        )
    }
  })

  it('smooths the labels of both halves: the mean of two smooth labels', () => {
    const sharp = copy(feed({ mode: 'imclr' }).batch(0, 0))
    const smooth = copy(feed({ mode: 'imclr', labelSmoothing: 0.2 }).batch(0, 0))
    expect(smooth.images).toEqual(sharp.images)
    // Of five classes: 0.8 of the label, and 0.04 for each.
    smooth.labels.forEach((value, i) => expect(value).toBeCloseTo(0.8 * sharp.labels[i]! + 0.04, 6))
    const rows = Array.from({ length: 16 }, (_, i) => smooth.labels.subarray(5 * i, 5 * i + 5))
    expect(smooth.entropy).toBeCloseTo(
      rows.reduce((sum, row) => sum - row.reduce((h, p) => h + p * Math.log(p), 0), 0) / 16,
      6,
    )
  })

  it('reports the entropy of its labels: (1 - 1/C)(1 - 1/B) ln 2 on average for permutations (docs/method.md)', () => {
    const big: LoadedSplit = {
      count: 1280,
      height: 8,
      width: 8,
      classes: 10,
      images: new Uint8Array(1280 * 192),
      labels: Uint16Array.from({ length: 1280 }, (_, i) => i % 10),
    }
    const source = trainingFeed(big, trainingSpec.parse({ mode: 'imclr' }))
    const entropies = Array.from({ length: 60 }, (_, epoch) =>
      Array.from({ length: 10 }, (_, step) => source.batch(epoch, step).labelEntropy),
    ).flat()
    // In an epoch of balanced classes a batch is close to balanced; 600 batches of 128 pairs leave a standard error of
    // about 0.001.
    expect(entropies.reduce((a, b) => a + b) / entropies.length).toBeCloseTo(0.9 * (127 / 128) * Math.LN2, 2)
  })

  it.each(['crop', 'everything'])(
    'mixes and stacks rows that stay distributions, baseline and imclr alike (%s)',
    (what) => {
      const augment: TrainingSpecInput['augment'] =
        what === 'crop'
          ? ['crop', 'flip']
          : ['crop', 'flip', 'jitter', 'autoaugment', 'cutout', 'erase', 'noise', { op: 'augmix', jsd: 0 }]
      for (const mix of ['none', 'mixup', { op: 'cutmix', probability: 1 }] as const) {
        const single = copy(feed({ mode: 'baseline', augment, mix, labelSmoothing: 0.1 }).batch(1, 2))
        for (const pairing of ['permutation', 'independent'] as const) {
          const pairs = copy(
            feed({ mode: 'imclr', augment, mix, labelSmoothing: 0.1, stacking: { pairing } }).batch(1, 2),
          )
          for (let i = 0; i < 16; i++) {
            expect(pairs.images.subarray(2 * i * size, (2 * i + 1) * size)).toEqual(
              single.images.subarray(i * size, (i + 1) * size),
            )
            for (const { labels } of [single, pairs])
              expect(labels.subarray(5 * i, 5 * i + 5).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
            for (let c = 0; c < 5; c++)
              expect(2 * pairs.labels[5 * i + c]!).toBeGreaterThanOrEqual(single.labels[5 * i + c]! - 1e-6)
          }
        }
      }
    },
  )

  it('mixes stacked inputs if the spec stacks first', () => {
    const stacking = { order: 'stack-first' } as const
    const plain = copy(feed({ mode: 'imclr' }).batch(0, 1))
    const mixed = copy(feed({ mode: 'imclr', mix: 'mixup', stacking }).batch(0, 1))
    const { partners, share } = drawMix(
      trainingSpec.parse({ mix: 'mixup' }).mix,
      16,
      stream({ seed: 1, name: 'mix', epoch: 0, index: 1 }),
    )!
    for (let i = 0; i < 16; i++) {
      const partner = partners[i]!
      for (let p = 0; p < 2 * size; p += 7)
        expect(mixed.images[2 * i * size + p]).toBe(
          Math.floor(
            share * plain.images[2 * i * size + p]! + (1 - share) * plain.images[2 * partner * size + p]! + 0.5,
          ),
        )
      for (let c = 0; c < 5; c++)
        expect(mixed.labels[5 * i + c]).toBeCloseTo(
          share * plain.labels[5 * i + c]! + (1 - share) * plain.labels[5 * partner + c]!,
          5,
        )
    }
    // One image in a stack has no order: the baseline ignores it.
    expect(copy(feed({ mode: 'baseline', mix: 'mixup', stacking }).batch(0, 1))).toEqual(
      copy(feed({ mode: 'baseline', mix: 'mixup' }).batch(0, 1)),
    )
    // CutMix's rectangle covers the same share of pixels that it takes of the label, over both halves.
    const cut = copy(feed({ mode: 'imclr', augment: [], mix: { op: 'cutmix', probability: 1 }, stacking }).batch(0, 1))
    const whole = copy(feed({ mode: 'imclr', augment: [] }).batch(0, 1))
    const { partners: others } = drawMix(
      trainingSpec.parse({ mix: { op: 'cutmix', probability: 1 } }).mix,
      16,
      stream({ seed: 1, name: 'mix', epoch: 0, index: 1 }),
    )!
    const changed = [...others.keys()].find((i) => others[i] !== i)!
    const share2 =
      Array.from({ length: 2 * side * side }, (_, p) => p).filter(
        (p) => cut.images[2 * changed * size + 3 * p] !== whole.images[2 * changed * size + 3 * p],
      ).length /
      (2 * side * side)
    const label = (rows: Float32Array, i: number) => rows.subarray(5 * i, 5 * i + 5)
    label(cut.labels, changed).forEach((value, c) =>
      expect(value).toBeCloseTo(
        (1 - share2) * label(whole.labels, changed)[c]! + share2 * label(whole.labels, others[changed]!)[c]!,
        1,
      ),
    )
  })

  it("stacks AugMix's three views alike, with one label", () => {
    const source = feed({ mode: 'imclr', augment: ['crop', 'flip', 'augmix'] })
    expect([source.views, source.batchSize, source.inputSizes]).toEqual([3, 16, [{ height: 16, width: 8 }]])
    const { images, labels } = copy(source.batch(0, 2))
    const plain = copy(feed({ mode: 'imclr' }).batch(0, 2))
    expect(images.length).toBe(3 * plain.images.length)
    expect(images.subarray(0, plain.images.length)).toEqual(plain.images)
    expect(labels).toEqual(plain.labels)
    const { lists } = drawPartners({
      seed: 1,
      epoch: 0,
      step: 2,
      batchSize: 16,
      count,
      stacking: trainingSpec.parse({}).stacking,
    })
    const half = (view: number, i: number, which: number) =>
      images.subarray(((view * 16 + i) * 2 + which) * size, ((view * 16 + i) * 2 + which + 1) * size)
    for (const view of [1, 2])
      for (let i = 0; i < 16; i++) expect(half(view, i, 1)).toEqual(half(view, lists[0]![i]!, 0))
  })

  it.each([
    ['baseline', 'none'],
    ['imclr', 'cutmix'],
  ] as const)('makes the same pictures whatever the number of threads (%s, %s)', (mode, mix) => {
    const spec = trainingSpec.parse({
      mode,
      mix,
      batchSize: 16,
      epochs: 4,
      augment: ['crop', 'flip', 'jitter', 'autoaugment', 'erase', 'augmix'],
    })
    const places = [
      ...Array.from({ length: 12 }, (_, t) => [Math.floor(t / 3), t % 3] as const),
      [1, 1],
      [1, 2],
      [3, 2],
      [0, 0],
      [0, 1],
    ] as const
    const alone = trainingFeed(split, spec)
    const expected = places.map(([epoch, step]) => copy(alone.batch(epoch, step)))
    for (const workers of [1, 3]) {
      const threaded = trainingFeed(split, spec, { workers })
      // Read slowly, so that the threads get their turn, then at once, and out of order.
      places.forEach(([epoch, step], i) => {
        if (i > 0 && i < 6) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
        expect(copy(threaded.batch(epoch, step)), `${workers} workers, epoch ${epoch}, step ${step}`).toEqual(
          expected[i],
        )
      })
      threaded.close()
    }
  })

  it('uses threads only if making batches is slow', () => {
    const clock = { now: 0, perMake: 0, reads: 0 }
    const run = (perMake: number, perStep: number) => {
      // The clock is read before and after each making.
      const ticking = { ...clock, perMake }
      const now = () => {
        const inside = ticking.reads++ % 2 === 1
        if (inside) ticking.now += ticking.perMake
        return ticking.now
      }
      const source = trainingFeed(split, trainingSpec.parse({ batchSize: 16 }), {
        workers: 'auto',
        mostWorkers: 3,
        now,
      })
      for (let step = 0; step < 8; step++) {
        source.batch(0, step % 3)
        ticking.now += perStep
      }
      const { workers } = source
      source.close()
      return workers
    }
    expect([run(1, 100), run(5, 100), run(150, 100), run(1000, 100)]).toEqual([0, 1, 2, 3])
  })

  it('makes one batch of all images if they are fewer than a batch', () => {
    const few = trainingFeed(
      { ...split, count: 3, images: split.images.subarray(0, 3 * size), labels: split.labels.subarray(0, 3) },
      trainingSpec.parse({}),
    )
    expect([few.batchSize, few.stepsPerEpoch, few.batch(0, 0).images.length]).toEqual([3, 1, 6 * size])
  })
})

describe('sampling', () => {
  const labels = Uint16Array.from({ length: 100 }, (_, i) => (i < 70 ? 0 : i < 95 ? 1 : 2))
  const split: LoadedSplit = { count: 100, height: 8, width: 8, classes: 3, images: noise(5, 100 * 192), labels }
  const feedOf = (spec: TrainingSpecInput) =>
    trainingFeed(split, trainingSpec.parse({ batchSize: 20, augment: [], ...spec }))

  it('balanced: every class comes equally often; all images of a rare class come before any repeats, in a new order each epoch', () => {
    for (const epoch of [0, 1, 2]) {
      const order = balancedOrder(labels, 7, epoch)
      const times = new Uint32Array(100)
      for (const place of order) times[place]!++
      const sums = [0, 1, 2].map((label) => order.filter((place) => labels[place] === label).length)
      expect(sums.toSorted()).toEqual([33, 33, 34])
      const range = (from: number, to: number) => [
        Math.min(...times.subarray(from, to)),
        Math.max(...times.subarray(from, to)),
      ]
      expect(range(0, 70)).toEqual([0, 1])
      expect(range(70, 95)).toEqual([1, 2])
      expect(range(95, 100).map((n) => Math.abs(n - 6.6) < 1)).toEqual([true, true])
      expect(balancedOrder(labels, 7, epoch)).toEqual(order)
    }
    expect(balancedOrder(labels, 7, 0)).not.toEqual(balancedOrder(labels, 7, 1))
    expect(balancedOrder(labels, 7, 0)).not.toEqual(balancedOrder(labels, 8, 0))
    // Of balanced data it is a permutation.
    expect(
      [
        ...balancedOrder(
          Uint16Array.from({ length: 30 }, (_, i) => i % 3),
          1,
          0,
        ),
      ].sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })

  it('balanced: baseline and ImCLR see the same images', () => {
    const [baseline, imclr] = [
      feedOf({ mode: 'baseline', sampling: 'balanced' }),
      feedOf({ mode: 'imclr', sampling: 'balanced' }),
    ]
    for (const step of [0, 4]) {
      const first = baseline.batch(1, step).images.slice()
      const stacked = imclr.batch(1, step).images
      for (let i = 0; i < 20; i++)
        expect(stacked.subarray(i * 384, i * 384 + 192)).toEqual(first.subarray(i * 192, (i + 1) * 192))
    }
    expect(feedOf({ sampling: 'natural' }).batch(0, 0).images).not.toEqual(
      feedOf({ sampling: 'balanced' }).batch(0, 0).images,
    )
  })

  it('class-weighted: the order stays, labels carry the weight of their class', () => {
    // By hand: 100 / (3 x 70), 100 / (3 x 25), 100 / (3 x 5), as scikit-learn's compute_class_weight('balanced').
    const weights = [0.476190476, 1.333333333, 6.666666667]
    classWeights(labels, 3).forEach((weight, label) => expect(weight).toBeCloseTo(weights[label]!, 5))
    const [weighted, natural] = [
      feedOf({ sampling: 'class-weighted' }).batch(0, 0),
      feedOf({ sampling: 'natural' }).batch(0, 0),
    ]
    expect(weighted.images).toEqual(natural.images)
    natural.labels.forEach((value, i) => expect(weighted.labels[i]).toBeCloseTo(value * weights[i % 3]!, 5))
    // No logits give less than this: -sum w y log p is least at p = w y / sum(w y).
    let least = 0
    for (let row = 0; row < 20; row++) {
      const values = weighted.labels.subarray(row * 3, row * 3 + 3)
      const total = values.reduce((a, b) => a + b)
      for (const value of values) if (value > 0) least -= (value * Math.log(value / total)) / 20
    }
    expect(weighted.labelEntropy).toBeCloseTo(least, 5)
  })
})

describe('splits and label budgets', () => {
  const classSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 12 })

  it('cut the test split from each class: complete, disjoint, at least one image, never all', () => {
    fc.assert(
      fc.property(
        classSizes,
        fc.double({ min: 0.01, max: 0.89, noNaN: true }),
        fc.integer({ min: 0, max: 1e6 }),
        (sizes, testFraction, splitSeed) => {
          const items = sizes.flatMap((size, label) =>
            Array.from({ length: size }, (_, i) => ({
              path: `${label}/${i}`,
              file: 0,
              split: 'train' as const,
              label,
            })),
          )
          const detected = { layout: 'folders' as const, classes: sizes.map(String), testWasGiven: false, items }
          const options = prepareOptions.parse({ testFraction, splitSeed })
          const { train, test } = splitItems(detected, () => true, options)
          expect([...train, ...test].sort((a, b) => a - b)).toEqual(items.map((_, i) => i))
          sizes.forEach((size, label) => {
            const expected = size === 1 ? 0 : Math.min(size - 1, Math.max(1, Math.round(size * testFraction)))
            expect([...test].filter((index) => items[index]!.label === label)).toHaveLength(expected)
          })
          expect(splitItems(detected, () => true, options)).toEqual({
            train,
            validation: new Uint32Array(),
            test,
            unlabelled: new Uint32Array(),
          })
        },
      ),
      { numRuns: 100 },
    )
  })

  it('have a stratified order: every beginning holds each class by its share, and one image of each class comes first', () => {
    fc.assert(
      fc.property(classSizes, fc.integer({ min: 0, max: 1e6 }), (sizes, seed) => {
        const labels = Uint16Array.from(sizes.flatMap((size, label) => new Array<number>(size).fill(label)))
        const order = stratifiedOrder(labels, 'ver_0123456789abcdef', seed)
        expect([...order].sort((a, b) => a - b)).toEqual([...labels.keys()])
        const counts = sizes.map(() => 0)
        order.forEach((index, i) => {
          counts[labels[index]!]!++
          if (i + 1 === sizes.length) expect(Math.min(...counts)).toBe(1)
          if (i + 1 > sizes.length)
            counts.forEach((count, label) =>
              expect(Math.abs(count - ((i + 1) * sizes[label]!) / labels.length)).toBeLessThan(sizes.length),
            )
        })
      }),
      { numRuns: 60 },
    )
  })

  it('depend on labels, version and subset seed alone; a larger budget holds the smaller one', () => {
    const labels = Uint16Array.from({ length: 500 }, (_, i) => i % 10)
    const order = stratifiedOrder(labels, 'ver_a', 1)
    expect(stratifiedOrder(labels, 'ver_a', 1)).toEqual(order)
    expect(stratifiedOrder(labels, 'ver_b', 1)).not.toEqual(order)
    expect(stratifiedOrder(labels, 'ver_a', 2)).not.toEqual(order)
    const perClass = Array.from(
      { length: 10 },
      (_, label) => [...order.subarray(0, 100)].filter((index) => labels[index] === label).length,
    )
    expect(perClass).toEqual(new Array(10).fill(10))
  })
})
