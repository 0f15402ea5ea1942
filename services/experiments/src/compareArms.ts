import type { ComparisonResult, CorruptedResult } from './experimentReport.js'
import { fromBase64, unpackBits } from './recordOfRun.js'
import { type RunRecord } from '@imclr/contract'
import type { ExperimentComparison } from '@imclr/contract'
import { hierarchicalBootstrap } from '@imclr/statistics'
import { holm } from '@imclr/statistics'
import { mcnemar } from '@imclr/statistics'
import { seedInterval } from '@imclr/statistics'

/** Two runs with the same seed, one of each arm. */
export interface RunPair {
  seed: number
  /** The run of the arm `against`. */
  first: RunRecord
  /** The run of the arm `arm`. */
  second: RunRecord
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Compares one arm with another at one budget. `pHolm` stays null because it depends on the other comparisons. */
export function compareArms(
  { arm, against, published, metric }: ExperimentComparison,
  pairs: readonly RunPair[],
  resamples: number,
): ComparisonResult {
  const images = pairs[0]!.first.testImages
  const differences: Int8Array[] = []
  const perSeed = pairs.map(({ seed, first, second }) => {
    const [before, after] = [unpackBits(first.correct, images), unpackBits(second.correct, images)]
    const change = Int8Array.from(before, (right, i) => after[i]! - right)
    differences.push(change)
    let [onlyFirst, onlySecond] = [0, 0]
    for (const one of change) {
      if (one < 0) onlyFirst++
      if (one > 0) onlySecond++
    }
    return {
      seed,
      first: first.accuracy,
      second: second.accuracy,
      difference: (onlySecond - onlyFirst) / images,
      onlyFirst,
      onlySecond,
      pValue: mcnemar(onlyFirst, onlySecond).pValue,
    }
  })
  const whyNoCorrupted = whyNotPaired(pairs)
  const ratio = (of: (run: RunRecord) => number): number =>
    mean(pairs.map(({ second }) => of(second))) / Math.max(1e-9, mean(pairs.map(({ first }) => of(first))))
  return {
    arm,
    against,
    published,
    metric,
    perSeed,
    ...seedInterval(perSeed.map(({ difference }) => difference)),
    pHolm: null,
    bootstrap: hierarchicalBootstrap(differences, { sameImages: true, resamples }),
    stepsRatio: ratio(({ steps }) => steps),
    secondsRatio: ratio(({ seconds }) => seconds),
    corrupted: whyNoCorrupted === null ? compareCorrupted(pairs, resamples) : null,
    whyNoCorrupted,
  }
}

/** Why the corrupted results cannot be paired. Null if both runs of every pair saw the same corrupted pictures. */
function whyNotPaired(pairs: readonly RunPair[]): string | null {
  const named = (run: RunRecord): string | null =>
    run.corrupted &&
    JSON.stringify([
      run.corrupted.seed,
      run.corrupted.table,
      run.corrupted.frost,
      run.corrupted.rows,
      run.corrupted.cells.map(({ corruption, severity }) => [corruption, severity]),
    ])
  for (const { first, second } of pairs) {
    if (first.corrupted === null || second.corrupted === null) return 'not every run was evaluated under corruption'
    if (named(first) !== named(second)) return 'the arms were not evaluated on the same corrupted pictures'
  }
  return null
}

function compareCorrupted(pairs: readonly RunPair[], resamples: number): CorruptedResult {
  const runs = pairs.map(({ seed, first, second }) => ({ seed, first: first.corrupted!, second: second.corrupted! }))
  const [{ first: model }] = runs as [(typeof runs)[number]]
  /** Mean errors of both arms over the cells that `chosen` selects, and their differences over the seeds. */
  const errors = (chosen: (cell: (typeof model.cells)[number]) => boolean) => {
    const of = (side: 'first' | 'second'): number[] =>
      runs.map((run) => mean(run[side].cells.filter(chosen).map(({ error }) => error)))
    const [first, second] = [of('first'), of('second')]
    return { first: mean(first), second: mean(second), ...seedInterval(second.map((error, i) => error - first[i]!)) }
  }
  const changes = runs.map(({ first, second }) => {
    const [before, after] = [fromBase64(first.wrong), fromBase64(second.wrong)]
    return Float64Array.from(before, (wrong, i) => (after[i]! - wrong) / first.counted)
  })
  const names = [...new Set(model.cells.map(({ corruption }) => corruption))]
  const perCorruption = names.map((corruption) => ({
    corruption,
    benchmark: model.cells.find((cell) => cell.corruption === corruption)!.benchmark,
    ...errors((cell) => cell.corruption === corruption),
  }))
  const adjusted = holm(perCorruption.map(({ pValue }) => pValue))
  const severities = [...new Set(model.cells.map(({ severity }) => severity))].sort((a, b) => a - b)
  return {
    seeds: runs.map(({ seed }) => seed),
    images: changes[0]!.length,
    ...errors(({ benchmark }) => benchmark),
    pHolm: null,
    bootstrap: hierarchicalBootstrap(changes, {
      sameImages: runs.every(({ first }) => first.rows === model.rows),
      resamples,
    }),
    perCorruption: perCorruption.map((row, i) => ({ ...row, pHolm: adjusted[i]! })),
    perSeverity: severities.map((severity) => ({
      severity,
      ...errors((cell) => cell.benchmark && cell.severity === severity),
    })),
    cells: model.cells.map(({ corruption, severity, benchmark }) => {
      const {
        first: _,
        second: __,
        ...change
      } = errors((cell) => cell.corruption === corruption && cell.severity === severity)
      return { corruption, severity, benchmark, ...change }
    }),
  }
}
