import { studentQuantile, studentTwoSided } from './studentT.js'
import type { Interval } from './wilson.js'

export interface SeedInterval {
  mean: number
  /** Standard deviation between the seeds (divisor n - 1). Null with one seed. */
  deviation: number | null
  /** Student's 95 % interval, which is exact if the values are normally distributed. Null with one seed. */
  interval: Interval | null
  /** Two-sided p value for the hypothesis that the mean is zero. Null with one seed. */
  pValue: number | null
}

/**
 * The mean of one value per seed, with Student's interval. A value is an accuracy, or the difference of two arms with
 * the same seed. The interval tells what another set of seeds would have given on the same test images.
 *
 * @throws RangeError without a value
 */
export function seedInterval(values: readonly number[]): SeedInterval {
  const n = values.length
  if (n === 0) throw new RangeError('seedInterval needs at least one value')
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) return { mean, deviation: null, interval: null, pValue: null }
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const error = deviation / Math.sqrt(n)
  const half = studentQuantile(0.05, n - 1) * error
  const pValue = error === 0 ? (mean === 0 ? 1 : 0) : studentTwoSided(mean / error, n - 1)
  return { mean, deviation, interval: { low: mean - half, high: mean + half }, pValue }
}
