import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { classRuns, trainingFeed, type LoadedSplit, drawPartners, stackPairs } from '@imclr/trainer/input/testing'
import { noise } from '../ingest/uploads.js'

// Ten images: four of class 0, one of class 1, five of class 3; class 2 has none.
const labels = Uint16Array.of(3, 0, 3, 3, 1, 0, 0, 3, 0, 3)
const runs = classRuns(labels, 4)
const places = [4, 0, 1, 9] // a mini-batch, of classes 1, 3, 0, 3
const stackingOf = (stacking: object) => trainingSpec.parse({ stacking }).stacking
const draw = (stacking: object, step = 0) =>
  drawPartners({
    seed: 3,
    epoch: 1,
    step,
    batchSize: places.length,
    count: labels.length,
    stacking: stackingOf(stacking),
    byClass: { labels: places.map((place) => labels[place]!), runs },
  })
const steps = (stacking: object, count: number) => Array.from({ length: count }, (_, step) => draw(stacking, step))

/** Of each value 0, 1, ...: how often it is among these. */
const tally = (values: Iterable<number>, kinds: number) => {
  const counts = new Array<number>(kinds).fill(0)
  for (const value of values) counts[value]!++
  return counts
}
const chiSquare = (counts: number[]) => {
  const expected = counts.reduce((a, b) => a + b) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('pairings', () => {
  it('know the images of each class', () => {
    expect(runs).toEqual({
      order: Uint32Array.of(1, 5, 6, 8, 4, 0, 2, 3, 7, 9),
      starts: Uint32Array.of(0, 4, 5, 5, 10),
    })
  })

  it('derangement: a permutation without a fixed point, each of the nine of four equally often', () => {
    const seen = new Map<string, number>()
    for (const list of steps({ pairing: 'derangement', images: 3 }, 900).flatMap(({ lists }) => lists))
      seen.set(list.join(), (seen.get(list.join()) ?? 0) + 1)
    const byHand = ['1,0,3,2', '1,2,3,0', '1,3,0,2', '2,0,3,1', '2,3,0,1', '2,3,1,0', '3,0,1,2', '3,2,0,1', '3,2,1,0']
    expect([...seen.keys()].sort()).toEqual(byHand)
    expect(chiSquare([...seen.values()])).toBeLessThan(26.12) // 8 degrees of freedom, p = 0.001
  })

  it('same class: every image of it equally often, itself too', () => {
    const lists = steps({ pairing: 'same-class' }, 1000).map(({ lists: [list] }) => [...list!])
    expect(lists.flatMap((list) => list.filter((partner, i) => labels[partner] !== labels[places[i]!]))).toEqual([])
    expect(new Set(lists.map(([first]) => first))).toEqual(new Set([4])) // alone in its class
    const ofThird = tally(
      lists.map((list) => [1, 5, 6, 8].indexOf(list[2]!)),
      4,
    )
    expect(chiSquare(ofThird)).toBeLessThan(16.27) // 3 degrees of freedom
  })

  it('different class: never its own, every other image equally often', () => {
    const lists = steps({ pairing: 'different-class' }, 1800).map(({ lists: [list] }) => [...list!])
    expect(lists.flatMap((list) => list.filter((partner, i) => labels[partner] === labels[places[i]!]))).toEqual([])
    const [first, second, third] = [0, 1, 2].map((i) =>
      tally(
        lists.map((list) => list[i]!),
        10,
      ),
    )
    expect(chiSquare(first!.filter((_, place) => place !== 4))).toBeLessThan(26.12) // nine others, 8 degrees of freedom
    expect(chiSquare([1, 4, 5, 6, 8].map((place) => second![place]!))).toBeLessThan(18.47) // 4 degrees of freedom
    expect(chiSquare([0, 2, 3, 4, 7, 9].map((place) => third![place]!))).toBeLessThan(20.52) // 5 degrees of freedom
  })

  it('by class need the classes, and a derangement needs two images', () => {
    const bare = { seed: 1, epoch: 0, step: 0, batchSize: 1, count: 10 }
    expect(() => drawPartners({ ...bare, stacking: stackingOf({ pairing: 'same-class' }) })).toThrow(RangeError)
    expect(() => drawPartners({ ...bare, stacking: stackingOf({ pairing: 'derangement' }) })).toThrow(RangeError)
  })
})

describe('positions', () => {
  it('put the images of an input in the given order and leave its labels alone', () => {
    // One row of one pixel each: 1, 2, 3 in three classes.
    const images = Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3)
    const own = { images, labels: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) }
    const out = { images: new Uint8Array(18), labels: new Float32Array(9) }
    stackPairs(
      {
        ...own,
        partners: [{ ...own, places: [1, 2, 0] }],
        positions: Uint32Array.of(0, 1, 1, 0, 1, 0),
        axis: 'height',
        height: 1,
        width: 1,
        classes: 3,
      },
      out,
    )
    expect([...out.images].filter((_, i) => i % 3 === 0)).toEqual([1, 2, 3, 2, 1, 3])
    expect(out.labels).toEqual(Float32Array.of(0.5, 0.5, 0, 0, 0.5, 0.5, 0.5, 0, 0.5))
  })

  it('are drawn after the partners, which stay the same; every order equally often', () => {
    const drawn = steps({ positions: 'random', images: 3 }, 600)
    const fixed = steps({ images: 3 }, 600)
    expect(drawn.map((one) => ({ ...one, positions: null }))).toEqual(fixed)
    const orders = drawn.flatMap(({ positions }) =>
      [0, 1, 2, 3].map((i) => positions!.subarray(3 * i, 3 * i + 3).join()),
    )
    const names = [...new Set(orders)].sort()
    expect(names).toEqual(['0,1,2', '0,2,1', '1,0,2', '1,2,0', '2,0,1', '2,1,0'])
    expect(
      chiSquare(
        tally(
          orders.map((order) => names.indexOf(order)),
          6,
        ),
      ),
    ).toBeLessThan(20.52) // 5 degrees of freedom
  })
})

describe('a feed with any pairing', () => {
  const count = 40
  const size = 8 * 8 * 3
  const split: LoadedSplit = {
    count,
    height: 8,
    width: 8,
    classes: 4,
    images: noise(1, count * size),
    labels: Uint16Array.from({ length: count }, (_, i) => i % 4),
  }
  const feed = (spec: TrainingSpecInput) => trainingFeed(split, trainingSpec.parse({ batchSize: 8, ...spec }))
  const single = feed({ mode: 'baseline' }).batch(1, 2)
  const pairings = ['permutation', 'derangement', 'independent', 'same-class', 'different-class'] as const

  it.each(pairings)(
    '%s shows the images of the baseline, augmented alike, and labels of two classes or one',
    (pairing) => {
      const pairs = feed({ mode: 'imclr', stacking: { pairing } }).batch(1, 2)
      for (let i = 0; i < 8; i++) {
        expect(pairs.images.subarray(2 * i * size, (2 * i + 1) * size)).toEqual(
          single.images.subarray(i * size, (i + 1) * size),
        )
        const own = single.labels.subarray(4 * i, 4 * i + 4).indexOf(1)
        const row = [...pairs.labels.subarray(4 * i, 4 * i + 4)]
        if (pairing === 'same-class') expect(row[own]).toBe(1)
        if (pairing === 'different-class')
          expect([row[own], row.filter((value) => value === 0.5).length]).toEqual([0.5, 2])
        expect(row[own]).toBeGreaterThanOrEqual(0.5)
      }
      if (pairing === 'same-class') expect(pairs.labelEntropy).toBe(0)
      if (pairing === 'different-class') expect(pairs.labelEntropy).toBeCloseTo(Math.LN2, 6)
    },
  )

  it('shows an image first or second if positions are random, with the same labels', () => {
    const fixed = feed({ mode: 'imclr', stacking: { pairing: 'derangement' } }).batch(0, 0)
    const drawn = feed({ mode: 'imclr', stacking: { pairing: 'derangement', positions: 'random' } }).batch(0, 0)
    expect(drawn.labels).toEqual(fixed.labels)
    const half = (images: Uint8Array, place: number) => images.subarray(place * size, (place + 1) * size)
    const swapped = Array.from({ length: 8 }, (_, i) => {
      const same = Buffer.compare(half(drawn.images, 2 * i), half(fixed.images, 2 * i)) === 0
      expect([half(drawn.images, 2 * i), half(drawn.images, 2 * i + 1)]).toEqual(
        same
          ? [half(fixed.images, 2 * i), half(fixed.images, 2 * i + 1)]
          : [half(fixed.images, 2 * i + 1), half(fixed.images, 2 * i)],
      )
      return !same
    })
    expect(new Set(swapped).size).toBe(2)
  })
})
