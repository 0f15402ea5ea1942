import { studentQuantile, studentTwoSided } from './studentT.js'
import type { Interval } from './wilson.js'

export interface SeedInterval {
  mean: number
  /** Between the seeds (n - 1); null with one. */
  deviation: number | null
  /** Student's, 95 %, exact where the differences are normal; null with one seed. */
  interval: Interval | null
  /** Two-sided, of the mean being zero; null with one seed. */
  pValue: number | null
}

/**
 * The mean of one value per seed (an accuracy, or the difference of two arms that share the seed) with Student's interval:
 * what another set of seeds would have given, on the same test images.
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
