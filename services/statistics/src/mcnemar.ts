import { chiSquaredTail, logGamma } from './gamma.js'

/**
 * Up to this many discordant images we use the exact test. Above, it agrees with the chi-squared test to several
 * digits.
 */
const exactUpTo = 10_000

export interface McNemar {
  /** How many images only the first model got right, and how many only the second. */
  onlyFirst: number
  onlySecond: number
  method: 'exact binomial' | 'chi-squared with continuity correction'
  /** (|b - c| - 1)^2 / (b + c). Null if the two models never differ. */
  chiSquared: number | null
  /** Two-sided: the probability of a difference at least this large if both models are equally good. */
  pValue: number
}

/**
 * McNemar's test (1947) for two classifiers on the same images. Only images on which exactly one of them is right carry
 * information. If both are equally good, each of these images falls to either side like a fair coin.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const discordant = onlyFirst + onlySecond
  const distance = Math.abs(onlyFirst - onlySecond)
  const chiSquared = discordant === 0 ? null : Math.max(0, distance - 1) ** 2 / discordant
  const exact = discordant <= exactUpTo
  return {
    onlyFirst,
    onlySecond,
    method: exact ? 'exact binomial' : 'chi-squared with continuity correction',
    chiSquared,
    pValue: exact ? fairCoinTwoSided(Math.min(onlyFirst, onlySecond), discordant) : chiSquaredTail(chiSquared ?? 0),
  }
}

/**
 * min(1, 2 P(X <= k)) for X ~ Binomial(n, 1/2). The factor 2 counts both tails, since the distribution is symmetric.
 */
function fairCoinTwoSided(k: number, n: number): number {
  if (2 * k >= n - 1) return 1 // the two tails together cover everything
  let tail = 0
  for (let i = 0; i <= k; i++) {
    tail += Math.exp(logGamma(n + 1) - logGamma(i + 1) - logGamma(n - i + 1) - n * Math.LN2)
  }
  return Math.min(1, 2 * tail)
}
