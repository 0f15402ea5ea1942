/** Two-sided 95 % quantiles of Student's t, by degrees of freedom (Abramowitz and Stegun, table 26.10). */
const t95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093]

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
  const half = (t95[a.length - 2] ?? 1.96) * differences.error
  return { ...differences, low: differences.mean - half, high: differences.mean + half }
}

/** Whether two means agree: within twice their combined standard error plus `slack`. */
export function agree(a: Sample, b: Sample, slack: number): { difference: number; allowed: number; ok: boolean } {
  const difference = a.mean - b.mean
  const allowed = 2 * Math.hypot(a.error, b.error) + slack
  return { difference, allowed, ok: Math.abs(difference) <= allowed }
}
