import { beforeAll, describe, expect, it } from 'vitest'
import { hierarchicalBootstrap, holm, seedInterval } from '@imclr/statistics'
import { seededUniform } from '@imclr/statistics'
import { incompleteBeta, studentQuantile, studentTwoSided } from '@imclr/statistics'
import { requirePart } from '../support/parts.js'
import { python } from '../support/python.js'

type Uniform = () => number
/** A normal draw by the method of Box and Muller. */
const normal = (uniform: Uniform): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

interface Effects {
  seeds: number
  images: number
  effect: number
  bySeed: number
  byImage: number
}

/**
 * Differences (-1, 0, 1) of two arms on the same images for every seed. The effect of image i is the same at every
 * seed, and the effect of seed s is the same on every image. Both add to the chance that the second arm wins.
 */
function experiment({ seeds, images, effect, bySeed, byImage }: Effects, uniform: Uniform): Int8Array[] {
  const ofImage = Float64Array.from({ length: images }, () => byImage * normal(uniform))
  return Array.from({ length: seeds }, () => {
    const ofSeed = bySeed * normal(uniform)
    return Int8Array.from(ofImage, (own) => {
      const shift = Math.max(-0.15, Math.min(0.15, effect + ofSeed + own))
      const u = uniform()
      return u < 0.15 + shift ? 1 : u > 0.85 + shift ? -1 : 0
    })
  })
}
const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

describe.skipIf(!requirePart('python'))('statistics of experiments against scipy', () => {
  const quantiles = [
    [0.05, 1],
    [0.05, 2],
    [0.05, 4],
    [0.05, 9],
    [0.01, 4],
    [0.1, 30],
    [0.05, 1000],
    [0.001, 3],
  ] as const
  const tails = [
    [0, 3],
    [0.1, 1],
    [1, 1],
    [2.776, 4],
    [-2.776, 4],
    [12, 4],
    [60, 2],
    [3, 200],
    [1e-6, 7],
  ] as const
  const betas = [
    [0.1, 2, 0.5],
    [0.9, 2, 0.5],
    [0.5, 0.5, 0.5],
    [0.3, 50, 20],
    [0.999, 100, 0.5],
    [1e-8, 1, 0.5],
  ] as const
  const pairs = [
    [
      [0.51, 0.52, 0.5],
      [0.53, 0.54, 0.55],
    ],
    [
      [0.7, 0.71],
      [0.69, 0.715],
    ],
    [
      [0.1, 0.2, 0.3, 0.4, 0.5],
      [0.12, 0.19, 0.33, 0.41, 0.49],
    ],
  ] as const
  const families = [[0.04, 0.01, 0.03], [0.5], [0.2, 0.2, 0.9, 0.001], [0.01, 0.011, 0.012, 0.013, 0.9]] as const
  const drawn = experiment({ seeds: 4, images: 300, effect: 0.03, bySeed: 0.03, byImage: 0.1 }, seededUniform(11))
  let answers: [{ quantiles: number[]; tails: number[] }, number[], number[][], number[][], number[], number[]]

  beforeAll(() => {
    const requests = [
      { kind: 'student', quantiles, tails },
      { kind: 'beta', cases: betas },
      { kind: 'paired-t', cases: pairs },
      { kind: 'holm', cases: families },
      { kind: 'crossed-bootstrap', arrays: [0], resamples: 10_000 },
      { kind: 'nested-bootstrap', arrays: [0], resamples: 5000 },
    ]
    answers = python<typeof answers>('statistics.py', requests, [
      { data: Float64Array.from(drawn.flatMap((row) => [...row])), shape: [4, 300] },
    ]).value
  })

  it("agree on Student's quantiles and tails, and on the beta function behind them", () => {
    quantiles.forEach(([outside, df], i) =>
      expect(Math.abs(studentQuantile(outside, df) / answers[0].quantiles[i]! - 1), `${outside} ${df}`).toBeLessThan(
        1e-10,
      ),
    )
    tails.forEach(([t, df], i) =>
      expect(Math.abs(studentTwoSided(t, df) / answers[0].tails[i]! - 1), `${t} ${df}`).toBeLessThan(1e-10),
    )
    betas.forEach(([x, a, b], i) =>
      expect(Math.abs(incompleteBeta(x, a, b) / answers[1][i]! - 1), `${x} ${a} ${b}`).toBeLessThan(1e-10),
    )
  })

  it('agree on paired intervals and p values', () => {
    pairs.forEach(([first, second], i) => {
      const { pValue, interval } = seedInterval(second.map((value, s) => value - first[s]!))
      const [p, low, high] = answers[2][i]!
      expect(pValue).toBeCloseTo(p!, 10)
      expect(interval!.low).toBeCloseTo(low!, 10)
      expect(interval!.high).toBeCloseTo(high!, 10)
    })
  })

  it("agree on Holm's adjustment, which skips missing p values", () => {
    families.forEach((family, i) => holm(family).forEach((p, k) => expect(p).toBeCloseTo(answers[3][i]![k]!, 12)))
    expect(holm([0.04, null, 0.01])).toEqual([0.04, null, 0.02])
    expect(holm([])).toEqual([])
  })

  it('agree on the bootstrap over seeds and images, crossed and nested', () => {
    const crossed = hierarchicalBootstrap(drawn, { sameImages: true, resamples: 10_000 })
    const nested = hierarchicalBootstrap(drawn, { sameImages: false, resamples: 5000 })
    for (const [{ low, high }, theirs] of [
      [crossed, answers[4]],
      [nested, answers[5]],
    ] as const) {
      const spread = theirs[1]! - theirs[0]!
      expect(Math.abs(low - theirs[0]!)).toBeLessThan(0.05 * spread)
      expect(Math.abs(high - theirs[1]!)).toBeLessThan(0.05 * spread)
    }
    // The effects of images that all seeds share do not average out.
    expect(crossed.high - crossed.low).toBeGreaterThan(nested.high - nested.low)
  })
})

describe('simple cases by hand', () => {
  it('one seed has no interval, and equal differences have an interval of no width', () => {
    expect(seedInterval([0.02])).toEqual({ mean: 0.02, deviation: null, interval: null, pValue: null })
    expect(seedInterval([0, 0, 0])).toEqual({ mean: 0, deviation: 0, interval: { low: 0, high: 0 }, pValue: 1 })
    expect(seedInterval([0.5, 0.5])).toMatchObject({ deviation: 0, interval: { low: 0.5, high: 0.5 }, pValue: 0 })
    expect(() => seedInterval([])).toThrow(/at least one/)
  })

  it('the bootstrap is repeatable, has no width for constant values, and refuses invalid input', () => {
    const same = [Int8Array.of(1, 1, 1), Int8Array.of(1, 1, 1)]
    expect(hierarchicalBootstrap(same, { sameImages: true })).toEqual({ low: 1, high: 1 })
    const values = experiment({ seeds: 3, images: 50, effect: 0, bySeed: 0.02, byImage: 0.05 }, seededUniform(3))
    expect(hierarchicalBootstrap(values, { sameImages: true, seed: 9 })).toEqual(
      hierarchicalBootstrap(values, { sameImages: true, seed: 9 }),
    )
    expect(() => hierarchicalBootstrap([Int8Array.of(1), Int8Array.of(1, 0)], { sameImages: true })).toThrow(
      /same images/,
    )
    expect(hierarchicalBootstrap([Int8Array.of(1), Int8Array.of(1, 1)], { sameImages: false })).toEqual({
      low: 1,
      high: 1,
    })
    expect(() => hierarchicalBootstrap([], { sameImages: true })).toThrow(/at least one seed/)
  })
})

describe('coverage by simulation', () => {
  it.each([3, 5])(
    "Student's interval over %i seeds holds what other seeds would give, in 93 to 97 of 100 experiments",
    (seeds) => {
      const uniform = seededUniform(100 + seeds)
      const images = 200
      const experiments = 4000
      let held = 0
      for (let e = 0; e < experiments; e++) {
        // The test images stay the same, so the true value is their own mean. The chance of a win minus that of a loss
        // is twice the shift.
        const shifts = Float64Array.from({ length: images }, () =>
          Math.max(-0.1, Math.min(0.1, 0.02 + 0.05 * normal(uniform))),
        )
        const truth = 2 * meanOf(shifts)
        const { interval } = seedInterval(
          Array.from({ length: seeds }, () => {
            const ofSeed = 0.02 * normal(uniform)
            let sum = 0
            for (const shift of shifts) {
              const u = uniform()
              sum += u < 0.2 + shift + ofSeed ? 1 : u > 0.8 + shift + ofSeed ? -1 : 0
            }
            return sum / images
          }),
        )
        if (interval!.low <= truth && truth <= interval!.high) held++
      }
      // The expected value is 95 % of 4000, with a standard error of 0.34 %.
      console.log(
        `Student's interval, ${seeds} seeds: held ${((100 * held) / experiments).toFixed(1)} % of ${experiments} experiments`,
      )
      expect(held / experiments).toBeGreaterThan(0.93)
      expect(held / experiments).toBeLessThan(0.97)
    },
  )

  it('the bootstrap over seeds and images has the expected coverage, which is too low with few seeds', () => {
    const experiments = 400
    const coverage = ([3, 5, 10] as const).map((seeds) => {
      const uniform = seededUniform(200 + seeds)
      // The true value over all seeds and images is twice the mean shift. It is zero, because clipping is symmetric
      // about zero effect.
      let held = 0
      for (let e = 0; e < experiments; e++) {
        const { low, high } = hierarchicalBootstrap(
          experiment({ seeds, images: 300, effect: 0, bySeed: 0.03, byImage: 0.05 }, uniform),
          { sameImages: true, resamples: 400, seed: e },
        )
        if (low <= 0 && 0 <= high) held++
      }
      console.log(
        `bootstrap over ${seeds} seeds and 300 images: held ${((100 * held) / experiments).toFixed(1)} % of ${experiments} experiments`,
      )
      return held / experiments
    })
    // The bootstrap has only (n - 1) / n of the variance between seeds and lacks Student's heavier tails. If only the
    // seeds varied, it would hold about 75, 85 and 90 %.
    expect(coverage[0]).toBeGreaterThan(0.75)
    expect(coverage[1]).toBeGreaterThan(0.82)
    expect(coverage[2]).toBeGreaterThan(0.87)
    expect(Math.max(...coverage)).toBeLessThan(0.99)
  })
})
