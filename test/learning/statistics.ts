import { seedInterval } from '@imclr/statistics'

export interface Sample {
  mean: number
  /** Standard error of the mean; NaN for fewer than two values. */
  error: number
  values: readonly number[]
}

export function sample(values: readonly number[]): Sample {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length), values }
}

/** The mean difference of pairs with its 95 % interval by Student's t. */
export function paired(a: readonly number[], b: readonly number[]): Sample & { low: number; high: number } {
  const differences = sample(a.map((value, i) => value - b[i]!))
  return { ...differences, ...(seedInterval(differences.values).interval ?? { low: NaN, high: NaN }) }
}

/** Whether two means agree: within twice their combined standard error plus `slack`. */
export function agree(a: Sample, b: Sample, slack: number): { difference: number; allowed: number; ok: boolean } {
  const difference = a.mean - b.mean
  const allowed = 2 * Math.hypot(a.error, b.error) + slack
  return { difference, allowed, ok: Math.abs(difference) <= allowed }
}
