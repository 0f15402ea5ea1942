/**
 * The 97.5 % point of the standard normal distribution. An interval of this many standard errors to both sides holds
 * 95 %.
 */
export const z95 = 1.959963984540054

export interface Interval {
  low: number
  high: number
}

/**
 * Wilson's score interval for a proportion (Wilson 1927). It keeps its level for small samples and for proportions near
 * 0 and 1, where the usual "plus or minus two standard errors" does not.
 *
 * @param successes how many of `trials` succeeded
 * @param z standard errors to both sides; the default gives 95 %
 * @throws RangeError when successes are not within 0..trials
 * @example wilsonInterval(8, 10) // { low: 0.490, high: 0.943 }
 */
export function wilsonInterval(successes: number, trials: number, z = z95): Interval {
  if (!(trials >= 0) || !(successes >= 0) || successes > trials) {
    throw new RangeError(`wilsonInterval needs 0 <= successes <= trials, got ${successes} of ${trials}`)
  }
  if (trials === 0) return { low: 0, high: 1 }
  const p = successes / trials
  const spread = (z * z) / trials
  const centre = (p + spread / 2) / (1 + spread)
  const half = (z / (1 + spread)) * Math.sqrt((p * (1 - p)) / trials + spread / (4 * trials))
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  }
}
