/**
 * Means over the errors of a corruption x severity grid. Source: Hendrycks and Dietterich 2019 (arXiv 1903.12261),
 * section 4.
 */

export interface ErrorCell {
  corruption: string
  severity: number
  /** Whether the corruption is one of the benchmark's 15. No mean counts the 4 extra ones. */
  benchmark: boolean
  /** Share of wrongly classified images, 0..1. */
  error: number
}

export interface CorruptionMeans {
  /** The unnormalised mean over the benchmark's corruptions and all severities, as is usual for CIFAR-10-C. */
  meanError: number
  perSeverity: { severity: number; error: number }[]
  /** All corruptions, with the extra ones, in the order of the cells. */
  perCorruption: { corruption: string; benchmark: boolean; error: number }[]
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

export function corruptionMeans(cells: readonly ErrorCell[]): CorruptionMeans {
  const names = [...new Set(cells.map((cell) => cell.corruption))]
  const severities = [...new Set(cells.map((cell) => cell.severity))].sort((a, b) => a - b)
  const counted = cells.filter((cell) => cell.benchmark)
  if (counted.length === 0) throw new RangeError('corruptionMeans needs at least one cell of a benchmark corruption')
  return {
    meanError: mean(counted.map((cell) => cell.error)),
    perSeverity: severities.map((severity) => ({
      severity,
      error: mean(counted.filter((cell) => cell.severity === severity).map((cell) => cell.error)),
    })),
    perCorruption: names.map((corruption) => {
      const own = cells.filter((cell) => cell.corruption === corruption)
      return { corruption, benchmark: own[0]!.benchmark, error: mean(own.map((cell) => cell.error)) }
    }),
  }
}

export interface GridErrors {
  cleanError: number
  cells: readonly ErrorCell[]
}

export interface MeanCorruptionError {
  /**
   * Mean over the benchmark's corruptions of sum_s E(model) / sum_s E(reference). Null if no corruption has such a
   * ratio.
   */
  mCE: number | null
  /** The same mean with the clean error subtracted from every term. */
  relativeMCE: number | null
  perCorruption: { corruption: string; ce: number | null; relativeCE: number | null }[]
  /**
   * Corruptions that a mean leaves out. `mCE` leaves out those where the reference's errors sum to 0. `relativeMCE`
   * leaves out those where the errors that corruption adds to the reference do not sum to more than 0.
   */
  leftOut: { mCE: string[]; relativeMCE: string[] }
}

/**
 * mCE and relative mCE of a model against a named reference model, as ratios (1 = as good as the reference; times 100
 * in the paper). If a corruption's ratio has no meaning, the mean leaves it out and the result names it.
 *
 * @throws RangeError when the reference lacks a cell of the model's benchmark grid
 */
export function meanCorruptionError(model: GridErrors, reference: GridErrors): MeanCorruptionError {
  const key = (cell: ErrorCell) => `${cell.corruption}/${cell.severity}`
  const referenceErrors = new Map(reference.cells.map((cell) => [key(cell), cell.error]))
  const names = [...new Set(model.cells.filter((cell) => cell.benchmark).map((cell) => cell.corruption))]
  const perCorruption = names.map((corruption) => {
    let own = 0
    let others = 0
    let ownRise = 0
    let othersRise = 0
    for (const cell of model.cells) {
      if (cell.corruption !== corruption) continue
      const error = referenceErrors.get(key(cell))
      if (error === undefined)
        throw new RangeError(`the reference report has no cell ${corruption}, severity ${cell.severity}`)
      own += cell.error
      others += error
      ownRise += cell.error - model.cleanError
      othersRise += error - reference.cleanError
    }
    return {
      corruption,
      ce: others > 0 ? own / others : null,
      relativeCE: othersRise > 1e-12 ? ownRise / othersRise : null,
    }
  })
  return {
    mCE: meanOfRatios(perCorruption.map((row) => row.ce)),
    relativeMCE: meanOfRatios(perCorruption.map((row) => row.relativeCE)),
    perCorruption,
    leftOut: {
      mCE: perCorruption.filter((row) => row.ce === null).map(({ corruption }) => corruption),
      relativeMCE: perCorruption.filter((row) => row.relativeCE === null).map(({ corruption }) => corruption),
    },
  }
}

/** The mean of the ratios that have a meaning. Null if none has. */
export function meanOfRatios(ratios: readonly (number | null)[]): number | null {
  const known = ratios.filter((ratio) => ratio !== null)
  return known.length === 0 ? null : mean(known)
}
