import { describe, expect, it } from 'vitest'
import { stream, xoshiro128 } from '@imclr/trainer/random/testing'

describe('named seeded streams', () => {
  it('draws what the published C program of xoshiro128** draws', () => {
    const from1234 = xoshiro128([1, 2, 3, 4])
    expect(Array.from({ length: 8 }, from1234.bits)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849,
    ])
    const highBits = xoshiro128([0xdeadbeef, 0x12345678, 0xffffffff, 0x80000000])
    expect(Array.from({ length: 4 }, highBits.bits)).toEqual([2576977301, 2031002624, 493879743, 1881573885])
  })

  it('gives the same draws for the same key and others for any other key', () => {
    const key = { seed: 7, name: 'pair', epoch: 3, index: 11 } as const
    const draw = (change: object) => Array.from({ length: 4 }, stream({ ...key, ...change }).bits).join()
    expect(draw({})).toBe(draw({}))
    const others = [{}, { seed: 8 }, { name: 'augment' }, { epoch: 4 }, { index: 12 }, { epoch: 31, index: 1 }].map(
      draw,
    )
    expect(new Set(others).size).toBe(others.length)
  })

  it('permutes: every value once, all 24 orders of four equally often', () => {
    expect([...stream({ seed: 1, name: 'shuffle' }).permutation(1000)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    )
    const source = stream({ seed: 2, name: 'shuffle' })
    const counts = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const order = source.permutation(4).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(49.73) // 23 degrees of freedom, p = 0.001
  })

  it('has the moments of its distributions', () => {
    const source = stream({ seed: 3, name: 'augment' })
    const n = 100_000
    const moments = (draw: () => number) => {
      const values = Array.from({ length: n }, draw)
      const mean = values.reduce((a, b) => a + b) / n
      return [mean, values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n] as const
    }
    const [uniformMean, uniformVariance] = moments(source.uniform)
    const [normalMean, normalVariance] = moments(source.normal)
    // Five standard errors each.
    expect(Math.abs(uniformMean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(uniformVariance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n))
    expect(Math.abs(normalMean)).toBeLessThan(5 / Math.sqrt(n))
    expect(Math.abs(normalVariance - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    expect(() => source.int(0)).toThrow(RangeError)
  })
})

/**
 * What a training draws is drawn from many short streams, so what matters is that streams of neighbouring keys have
 * nothing in common. Each count below has a known distribution; bounds are at 4.5 standard errors (one in 150,000), and
 * the seeds are fixed.
 */
describe('streams of neighbouring keys are independent', () => {
  const [epochs, steps, batch] = [200, 10, 32] as const
  const near = (found: number, expected: number, deviation: number) =>
    expect(Math.abs(found - expected)).toBeLessThan(4.5 * deviation)
  /**
   * Offsets and flips as the augmentation draws them: `[epochs][steps][batch]` of top (0..8), left (0..8), flip (0, 1).
   */
  const augmentations = Array.from({ length: epochs }, (_, epoch) =>
    Array.from({ length: steps }, (_, index) => {
      const random = stream({ seed: 1, name: 'augment', epoch, index })
      return Array.from(
        { length: batch },
        () => [random.int(9), random.int(9), random.bits() >= 0x8000_0000 ? 1 : 0] as const,
      )
    }),
  )

  /**
   * Chi-squared of independence of two draws with `n` and `m` values: their joint counts against equal ones, as a
   * standard normal.
   */
  function dependence(pairs: (readonly [number, number])[], n: number, m: number): number {
    const counts = new Float64Array(n * m)
    for (const [a, b] of pairs) counts[a * m + b]!++
    const expected = pairs.length / (n * m)
    const degrees = n * m - 1
    return (
      (counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) - degrees) / Math.sqrt(2 * degrees)
    )
  }
  const pairsOf = (
    other: (epoch: number, step: number, i: number) => readonly number[] | undefined,
    own: number,
    its: number,
  ) =>
    augmentations.flatMap((all, epoch) =>
      all.flatMap((images, step) =>
        images.flatMap((draws, i) => {
          const others = other(epoch, step, i)
          return others ? [[draws[own]!, others[its]!] as const] : []
        }),
      ),
    )
  const neighbours: [string, Parameters<typeof pairsOf>[0]][] = [
    ['the next image', (epoch, step, i) => augmentations[epoch]![step]![i + 1]],
    ['the next step', (epoch, step, i) => augmentations[epoch]![step + 1]?.[i]],
    ['the next epoch', (epoch, step, i) => augmentations[epoch + 1]?.[step]![i]],
  ]

  it.each(neighbours)('augmentation: an image and the same place of %s', (_, other) => {
    for (const [own, its, n, m] of [
      [0, 0, 9, 9],
      [1, 1, 9, 9],
      [2, 2, 2, 2],
      [0, 2, 9, 2],
      [2, 1, 2, 9],
    ] as const)
      expect(Math.abs(dependence(pairsOf(other, own, its), n, m))).toBeLessThan(4.5)
  })

  it('augmentation: top, left and flip of one image', () => {
    for (const [own, its, n, m] of [
      [0, 1, 9, 9],
      [0, 2, 9, 2],
      [1, 2, 9, 2],
    ] as const)
      expect(
        Math.abs(
          dependence(
            pairsOf((epoch, step, i) => augmentations[epoch]![step]![i], own, its),
            n,
            m,
          ),
        ),
      ).toBeLessThan(4.5)
  })

  /** How many places two permutations have in common: 1 in expectation, variance 1. */
  const common = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).filter((value, i) => value === b[i]).length
  const identity = Uint32Array.from({ length: batch }, (_, i) => i)
  const permutations = (name: 'shuffle' | 'pair', length: number) =>
    Array.from({ length: epochs * steps }, (_, n) =>
      stream({ seed: 1, name, epoch: Math.floor(n / steps), index: n % steps }).permutation(length),
    )

  it('partners and orders: those of two steps, two epochs, two purposes and two seeds agree as often as by chance', () => {
    const [pair, shuffle] = [permutations('pair', batch), permutations('shuffle', batch)]
    const otherSeed = pair.map((_, n) =>
      stream({ seed: 2, name: 'pair', epoch: Math.floor(n / steps), index: n % steps }).permutation(batch),
    )
    const pairings: [ArrayLike<number>, ArrayLike<number>][][] = [
      pair.map((order) => [order, identity]),
      pair.slice(1).map((order, n) => [order, pair[n]!]),
      pair.slice(steps).map((order, n) => [order, pair[n]!]),
      pair.map((order, n) => [order, shuffle[n]!]),
      pair.map((order, n) => [order, otherSeed[n]!]),
    ]
    for (const pairs of pairings) {
      const agreements = pairs.map(([a, b]) => common(a, b))
      near(agreements.reduce((a, b) => a + b) / pairs.length, 1, Math.sqrt(1 / pairs.length))
      // Poisson(1) to many digits: its fourth central moment is 4, so the variance of the variance is 3 / n.
      near(agreements.reduce((sum, count) => sum + (count - 1) ** 2, 0) / pairs.length, 1, Math.sqrt(3 / pairs.length))
    }
  })

  it('partners: every place meets every place equally often', () => {
    const met = permutations('pair', batch).flatMap((order) => Array.from(order, (partner, i) => [i, partner] as const))
    // Counts of permutations have (n - 1)^2 degrees of freedom, and their statistic is n / (n - 1) larger.
    const [cells, degrees] = [batch ** 2, (batch - 1) ** 2]
    const chiSquared = (dependence(met, batch, batch) * Math.sqrt(2 * (cells - 1)) + cells - 1) * ((batch - 1) / batch)
    near(chiSquared, degrees, Math.sqrt(2 * degrees))
  })

  it('orders: which images share a mini-batch in one epoch says nothing of the next', () => {
    const images = batch * steps
    const batches = Array.from({ length: epochs }, (_, epoch) => {
      const order = stream({ seed: 1, name: 'shuffle', epoch }).permutation(images)
      const batchOf = new Uint32Array(images)
      order.forEach((image, place) => (batchOf[image] = Math.floor(place / batch)))
      return batchOf
    })
    // Of the pairs of neighbours that share a batch in one epoch, as many share one in the next as of all pairs.
    let [shared, again] = [0, 0]
    batches.slice(1).forEach((now, epoch) => {
      for (let image = 0; image + 1 < images; image++) {
        if (batches[epoch]![image] !== batches[epoch]![image + 1]) continue
        shared++
        if (now[image] === now[image + 1]) again++
      }
    })
    const chance = (batch - 1) / (images - 1)
    near(
      shared / ((epochs - 1) * (images - 1)),
      chance,
      Math.sqrt((chance * (1 - chance)) / ((epochs - 1) * (images - 1))),
    )
    near(again / shared, chance, Math.sqrt((chance * (1 - chance)) / shared))
  })
})
