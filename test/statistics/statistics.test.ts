import { beforeAll, describe, expect, it } from 'vitest'
import {
  corruptionMeans,
  flipProbability,
  mcnemar,
  meanCorruptionError,
  meanFlipProbability,
  meanFlipRate,
  pairedDifference,
  wilsonInterval,
} from '@imclr/statistics'
import { binomialSampler } from '@imclr/statistics'
import { chiSquaredTail, logGamma } from '@imclr/statistics'
import { seededUniform } from '@imclr/statistics'
import { requirePart } from '../support/parts.js'
import { python } from '../support/python.js'

/**
 * Draws the hits of two models on `n` images. The first is right with probability `right`. The second flips a hit with
 * probability `lost` and a miss with probability `won`.
 */
function pair(n: number, rates: { right: number; lost: number; won: number }, uniform: () => number) {
  const first = new Uint8Array(n)
  const second = new Uint8Array(n)
  for (let i = 0; i < n; i++) {
    first[i] = uniform() < rates.right ? 1 : 0
    second[i] = first[i] ? (uniform() < rates.lost ? 0 : 1) : uniform() < rates.won ? 1 : 0
  }
  return { first, second }
}

describe.skipIf(!requirePart('python'))('statistics against scipy', () => {
  const wilsons = [
    [0, 10],
    [10, 10],
    [8, 10],
    [797, 1000],
    [1, 20_000],
    [50, 100],
  ] as const
  const discordants = [
    [0, 0],
    [1, 0],
    [5, 5],
    [5, 6],
    [3, 12],
    [0, 40],
    [700, 610],
    [8000, 8300],
  ] as const
  const tails = [1e-9, 0.01, 0.5, 1, 2.9, 3, 3.1, 3.841458820694124, 10, 40, 200, 1000]
  const gammas = [0.1, 0.5, 1, 2, 3.5, 10, 171, 1e4, 1e6]
  const { first, second } = pair(1500, { right: 0.8, lost: 0.05, won: 0.3 }, seededUniform(5))
  let wilson: number[][],
    mcnemars: { exact: number[]; corrected: number[] },
    chiSquared: number[],
    lgamma: number[],
    bootstrap: number[]

  beforeAll(() => {
    const requests = [
      { kind: 'wilson', cases: wilsons },
      { kind: 'mcnemar', cases: discordants },
      { kind: 'chi-squared', cases: tails },
      { kind: 'log-gamma', cases: gammas },
      { kind: 'bootstrap', arrays: [0, 1], resamples: 10_000 },
    ]
    const arrays = [first, second].map((data) => ({ data, shape: [data.length] }))
    ;[wilson, mcnemars, chiSquared, lgamma, bootstrap] = python<
      [typeof wilson, typeof mcnemars, number[], number[], number[]]
    >('statistics.py', requests, arrays).value
  })

  it('agree on Wilson intervals', () => {
    wilsons.forEach(([successes, trials], i) => {
      const { low, high } = wilsonInterval(successes, trials)
      expect(low).toBeCloseTo(wilson[i]![0]!, 12)
      expect(high).toBeCloseTo(wilson[i]![1]!, 12)
    })
  })

  it("agree on McNemar's test: exact up to 10,000 discordant images, corrected chi-squared above", () => {
    discordants.forEach(([b, c], i) => {
      const { method, pValue } = mcnemar(b, c)
      const exact = b + c <= 10_000
      expect(method).toBe(exact ? 'exact binomial' : 'chi-squared with continuity correction')
      const theirs = (exact ? mcnemars.exact : mcnemars.corrected)[i]!
      expect(Math.abs(pValue / theirs - 1), `${b} ${c}: ${pValue} ${theirs}`).toBeLessThan(1e-8)
    })
  })

  it('agree on the chi-squared tail and the log-gamma function', () => {
    tails.forEach((x, i) => expect(Math.abs(chiSquaredTail(x) / chiSquared[i]! - 1), `${x}`).toBeLessThan(1e-10))
    gammas.forEach((x, i) =>
      expect(Math.abs(logGamma(x) - lgamma[i]!), `${x}`).toBeLessThan(1e-12 * Math.max(1, Math.abs(lgamma[i]!)) * 10),
    )
  })

  it('agree on the paired bootstrap, by counts here and by drawn images there', () => {
    const { interval, difference } = pairedDifference(first, second)
    const spread = bootstrap[1]! - bootstrap[0]!
    expect(Math.abs(interval.low - bootstrap[0]!)).toBeLessThan(0.05 * spread)
    expect(Math.abs(interval.high - bootstrap[1]!)).toBeLessThan(0.05 * spread)
    expect(difference).toBeGreaterThan(interval.low)
    expect(difference).toBeLessThan(interval.high)
  })
})

describe('binomialSampler', () => {
  it('has the mean and the variance of its distribution, even for extreme parameters', () => {
    const uniform = seededUniform(2)
    for (const [n, p] of [
      [1, 0.3],
      [20, 0.01],
      [1000, 0.13],
      [50_000, 0.9],
    ] as const) {
      const draw = binomialSampler(n, p)
      const values = Array.from({ length: 20_000 }, () => draw(uniform()))
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
      const expected = n * p * (1 - p)
      expect(Math.abs(mean - n * p)).toBeLessThan(4.5 * Math.sqrt(expected / values.length))
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1)
    }
    expect(binomialSampler(5, 0)(0.99)).toBe(0)
    expect(binomialSampler(5, 1)(0)).toBe(5)
  })
})

describe('coverage by simulation', () => {
  it('the paired bootstrap interval holds the true difference in about 95 of 100 experiments', () => {
    const uniform = seededUniform(77)
    const rates = { right: 0.75, lost: 0.06, won: 0.3 }
    const truth = 0.25 * rates.won - 0.75 * rates.lost
    const experiments = 600
    let held = 0
    for (let e = 0; e < experiments; e++) {
      const { first, second } = pair(400, rates, uniform)
      const { interval } = pairedDifference(first, second, { seed: e, resamples: 1000 })
      if (interval.low <= truth && truth <= interval.high) held++
    }
    // The expected value, 95 % of 600, is 570. Four standard errors are 21.
    expect(held / experiments).toBeGreaterThan(0.915)
    expect(held / experiments).toBeLessThan(0.985)
  })

  it("Wilson's interval holds a proportion near 1 often enough", () => {
    const uniform = seededUniform(9)
    let held = 0
    for (let e = 0; e < 2000; e++) {
      let successes = 0
      for (let i = 0; i < 60; i++) if (uniform() < 0.95) successes++
      const { low, high } = wilsonInterval(successes, 60)
      if (low <= 0.95 && 0.95 <= high) held++
    }
    expect(held / 2000).toBeGreaterThan(0.93)
  })
})

describe('pairedDifference', () => {
  it('agrees with counts by hand', () => {
    const result = pairedDifference(Uint8Array.of(1, 1, 0, 0, 1), Uint8Array.of(1, 0, 1, 1, 1))
    expect(result).toMatchObject({
      images: 5,
      first: 0.6,
      second: 0.8,
      mcnemar: { onlyFirst: 1, onlySecond: 2, pValue: 1 },
    })
    expect(result.difference).toBeCloseTo(0.2, 12)
  })

  it('is exactly zero for a model against itself, and is repeatable', () => {
    const one = Uint8Array.of(1, 0, 1)
    expect(pairedDifference(one, one)).toMatchObject({
      difference: 0,
      interval: { low: 0, high: 0 },
      mcnemar: { pValue: 1, chiSquared: null },
    })
    const { first, second } = pair(300, { right: 0.7, lost: 0.1, won: 0.2 }, seededUniform(1))
    expect(pairedDifference(first, second, { seed: 4 })).toEqual(pairedDifference(first, second, { seed: 4 }))
  })

  it('refuses models with different numbers of images', () => {
    expect(() => pairedDifference(Uint8Array.of(1), Uint8Array.of(1, 0))).toThrow(/same images/)
  })
})

describe('errors over the corruption grid', () => {
  const grid = (errors: Record<string, [number, number]>, extra?: number) => [
    ...Object.entries(errors).flatMap(([corruption, row]) =>
      row.map((error, i) => ({ corruption, severity: i + 1, benchmark: true, error })),
    ),
    ...(extra === undefined ? [] : [{ corruption: 'spatter', severity: 1, benchmark: false, error: extra }]),
  ]

  it('gives means that agree with a computation by hand and leave out extra corruptions', () => {
    const means = corruptionMeans(grid({ fog: [0.1, 0.3], snow: [0.2, 0.6] }, 0.9))
    expect(means.meanError).toBeCloseTo(0.3, 12)
    expect(means.perSeverity.map(({ error }) => Number(error.toFixed(12)))).toEqual([0.15, 0.45])
    expect(means.perCorruption.map(({ corruption, error }) => [corruption, Number(error.toFixed(12))])).toEqual([
      ['fog', 0.2],
      ['snow', 0.4],
      ['spatter', 0.9],
    ])
  })

  it('gives mCE and relative mCE that agree with a computation by hand', () => {
    const model = { cleanError: 0.05, cells: grid({ fog: [0.1, 0.3], snow: [0.2, 0.6] }, 0.9) }
    const reference = { cleanError: 0.1, cells: grid({ fog: [0.2, 0.6], snow: [0.4, 0.4] }, 0.1) }
    const { mCE, relativeMCE, perCorruption } = meanCorruptionError(model, reference)
    expect(perCorruption.map(({ corruption }) => corruption)).toEqual(['fog', 'snow'])
    expect(mCE).toBeCloseTo((0.4 / 0.8 + 0.8 / 0.8) / 2, 12)
    expect(relativeMCE).toBeCloseTo((0.3 / 0.6 + 0.7 / 0.6) / 2, 12)
  })

  it('leaves out and names corruptions without errors of the reference, and names a missing cell', () => {
    const model = { cleanError: 0.1, cells: grid({ fog: [0.2, 0.2], snow: [0.3, 0.5], frost: [0.3, 0.3] }) }
    // fog: the reference makes no error. snow: it makes 0.5 + 0.5. frost: it makes as many as on clean images, so
    // corruption adds none.
    const reference = { cleanError: 0.25, cells: grid({ fog: [0, 0], snow: [0.5, 0.5], frost: [0.25, 0.25] }) }
    const { mCE, relativeMCE, leftOut, perCorruption } = meanCorruptionError(model, reference)
    expect(mCE).toBeCloseTo((0.8 / 1 + 0.6 / 0.5) / 2, 12)
    expect(relativeMCE).toBeCloseTo((0.3 + 0.5 - 0.2) / (1 - 0.5), 12)
    expect(leftOut).toEqual({ mCE: ['fog'], relativeMCE: ['fog', 'frost'] })
    expect(perCorruption[0]).toEqual({ corruption: 'fog', ce: null, relativeCE: null })
    const perfect = { cleanError: 0, cells: grid({ fog: [0, 0] }) }
    expect(meanCorruptionError({ cleanError: 0, cells: grid({ fog: [0.1, 0.1] }) }, perfect)).toMatchObject({
      mCE: null,
      relativeMCE: null,
      leftOut: { mCE: ['fog'], relativeMCE: ['fog'] },
    })
    expect(() =>
      meanCorruptionError({ cleanError: 0, cells: grid({ fog: [0, 0] }) }, { cleanError: 0, cells: [] }),
    ).toThrow(/no cell fog, severity 1/)
  })
})

describe('flip probability', () => {
  // The predictions for three sequences of four frames.
  const predicted = [0, 0, 0, 0, /**/ 1, 2, 1, 2, /**/ 3, 4, 4, 4]

  it('agrees with a computation by hand, against the previous frame and against the first', () => {
    expect(flipProbability(predicted, 4, 'previous')).toBeCloseTo((0 / 3 + 3 / 3 + 1 / 3) / 3, 12)
    expect(flipProbability(predicted, 4, 'first')).toBeCloseTo((0 / 3 + 2 / 3 + 3 / 3) / 3, 12)
    expect(() => flipProbability(predicted, 5, 'first')).toThrow(RangeError)
    expect(() => flipProbability([], 4, 'first')).toThrow(RangeError)
  })

  it('leaves out extra perturbations and those where the reference never flips, as computed by hand', () => {
    const rows = (values: Record<string, number>) =>
      Object.entries(values).map(([perturbation, flips]) => ({
        perturbation,
        benchmark: perturbation !== 'shear',
        flipProbability: flips,
      }))
    const model = rows({ tilt: 0.1, scale: 0.3, rotate: 0.05, shear: 0.9 })
    const reference = rows({ tilt: 0.2, scale: 0.2, rotate: 0, shear: 0.45 })
    expect(meanFlipProbability(model)).toBeCloseTo(0.15, 12)
    const { mFR, perPerturbation, leftOut } = meanFlipRate(model, reference)
    expect(mFR).toBeCloseTo((0.5 + 1.5) / 2, 12)
    expect(perPerturbation.map(({ flipRate }) => flipRate?.toFixed(6) ?? null)).toEqual([
      '0.500000',
      '1.500000',
      null,
      '2.000000',
    ])
    expect(leftOut).toEqual(['rotate'])
    expect(meanFlipRate(model, rows({ tilt: 0, scale: 0, rotate: 0, shear: 1 }))).toMatchObject({
      mFR: null,
      leftOut: ['tilt', 'scale', 'rotate'],
    })
    expect(() => meanFlipRate(model, [])).toThrow(/no perturbation tilt/)
    expect(() => meanFlipProbability(rows({ shear: 1 }))).toThrow(RangeError)
  })
})
