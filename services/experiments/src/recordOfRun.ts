import type { PlannedRun, ExperimentDefinition } from '@imclr/contract'
import { hits } from './compareEvaluations.js'
import type { Predictions } from '@imclr/contract'
import type { Report } from '@imclr/contract'
import type { ExperimentPlan, RunRecord } from '@imclr/contract'
import type { EvaluationSpec } from '@imclr/contract'

export const planOf = ({
  name,
  title,
  claim,
  recipe,
  arms,
  comparisons,
  seeds,
  budgets,
}: ExperimentDefinition): ExperimentPlan => ({
  name,
  title,
  claim,
  recipe,
  arms: arms.map((arm) => ({ name: arm.name, title: arm.title })),
  comparisons,
  seeds,
  budgets,
})

export interface FinishedRun {
  experiment: string
  planned: Omit<PlannedRun, 'spec'> & { spec: Record<string, unknown> }
  content: string
  predictions: Predictions
  report: Pick<Report, 'model' | 'training' | 'environment'>
}

/** Makes the record of a successful run. */
export function recordOfRun({ experiment, planned, content, predictions, report }: FinishedRun): RunRecord {
  const right = hits(predictions)
  const { epochs } = report.training
  return {
    schemaVersion: 1,
    experiment,
    ...planned,
    content,
    testImages: predictions.images,
    correct: packBits(right),
    accuracy: right.reduce((sum, one) => sum + one, 0) / right.length,
    corrupted: corruptedOf(predictions),
    parameters: report.model.parameters,
    epochs: report.model.epochsTrained,
    steps: epochs.at(-1)?.steps ?? 0,
    seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
    environment: report.environment,
  }
}

/**
 * Adapts a record to another experiment that may measure less. It leaves out measurements that the experiment does not
 * want.
 */
export function projectRecord(
  record: RunRecord,
  { evaluation, ...names }: { experiment: string; arm: string; evaluation: EvaluationSpec },
): RunRecord {
  return {
    ...record,
    ...names,
    spec: { ...record.spec, evaluation },
    corrupted: evaluation.corruptionImages === 'none' ? null : record.corrupted,
  }
}

function corruptedOf({
  images,
  labels,
  corruption,
  cells,
  corruptedRows,
  corruptedClasses,
}: Predictions): RunRecord['corrupted'] {
  const counted = cells.filter(({ benchmark }) => benchmark).length
  if (corruption === null || counted === 0) return null
  if (counted > 255) throw new RangeError(`a record counts up to 255 cells, got ${counted}`)
  const n = corruptedRows.length
  const chosen = new Uint8Array(images)
  const wrong = new Uint8Array(n)
  const errors = cells.map(() => 0)
  // `wrong` follows the order of the test images, whatever the order in which they were corrupted.
  const order = Uint32Array.from(corruptedRows.keys()).sort((a, b) => corruptedRows[a]! - corruptedRows[b]!)
  order.forEach((column, at) => {
    const row = corruptedRows[column]!
    chosen[row] = 1
    cells.forEach(({ benchmark }, cell) => {
      if (corruptedClasses[cell * n + column] === labels[row]) return
      errors[cell]!++
      if (benchmark) wrong[at]!++
    })
  })
  return {
    ...corruption,
    rows: packBits(chosen),
    wrong: toBase64(wrong),
    counted,
    cells: cells.map((cell, i) => ({ ...cell, error: errors[i]! / n })),
  }
}

/** Packs one bit per byte, 1 if the byte is not zero, least significant bit first, as base64. */
export function packBits(flags: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8))
  flags.forEach((flag, i) => {
    if (flag !== 0) bytes[i >> 3]! |= 1 << (i & 7)
  })
  return toBase64(bytes)
}

export function unpackBits(packed: string, length: number): Uint8Array {
  const bytes = fromBase64(packed)
  return Uint8Array.from({ length }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1)
}

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
