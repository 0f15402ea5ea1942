/**
 * What an experiment keeps of a run: enough to draw every number of its report again, here or elsewhere, without training
 * and without the model. A record outlives the schemas of its day, so the spec is kept as it was, not as it is read now.
 */
import { z } from 'zod'
import { environment } from './artifact.js'
import { sha256 } from './dataset.js'
import { experimentComparison, type ExperimentDefinition, type PlannedRun } from './experiment.js'
import { hits } from './statistics/compareEvaluations.js'
import type { Predictions } from './predictions.js'
import type { Report } from './report.js'
import type { EvaluationSpec } from './trainingSpec.js'

const place = { arm: z.string(), seed: z.int(), budget: z.int().nullable() }

const corruptedRecord = z.object({
  seed: z.int(),
  table: z.string(),
  frost: z.string(), // what makes two corrupted sets the same pictures
  rows: z.base64(), // bitmap over the test images: which were corrupted
  wrong: z.base64(), // uint8 per corrupted image, in the order of the test images: in how many of the benchmark's cells it was taken for another class
  counted: z.int().positive(), // cells of the benchmark
  cells: z.array(z.object({ corruption: z.string(), severity: z.int(), benchmark: z.boolean(), error: z.number() })),
})

export const runRecord = z.object({
  schemaVersion: z.literal(1),
  experiment: z.string(),
  ...place,
  spec: z.record(z.string(), z.unknown()), // as it was run
  content: sha256, // of the data set version: the same on every machine
  testImages: z.int().positive(),
  correct: z.base64(), // bitmap over the test images, least significant bit first
  accuracy: z.number(),
  corrupted: corruptedRecord.nullable(),
  parameters: z.int(),
  epochs: z.int(),
  steps: z.int(),
  seconds: z.number(), // of the training steps, without start and evaluation
  environment,
})
export type RunRecord = z.infer<typeof runRecord>

/** What a report needs of a definition. */
export const experimentPlan = z.object({
  name: z.string(),
  title: z.string(),
  claim: z.string().nullable(),
  recipe: z.string().nullable(),
  arms: z.array(z.object({ name: z.string(), title: z.string() })).min(1),
  comparisons: z.array(experimentComparison),
  seeds: z.array(z.int()).min(1),
  budgets: z.array(z.int().nullable()).min(1),
})
export type ExperimentPlan = z.infer<typeof experimentPlan>

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

/** The file of stored runs: `runs.json`. Those of several machines merge (`mergeRuns`). */
export const experimentRuns = z.object({
  schemaVersion: z.literal(1),
  plan: experimentPlan,
  runs: z.array(runRecord),
  withoutResult: z.array(z.object({ ...place, why: z.string() })), // of the plan
})
export type ExperimentRuns = z.infer<typeof experimentRuns>

export interface FinishedRun {
  experiment: string
  planned: Omit<PlannedRun, 'spec'> & { spec: Record<string, unknown> }
  content: string
  predictions: Predictions
  report: Pick<Report, 'model' | 'training' | 'environment'>
}

/** The record of a run that succeeded. */
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

/** A record as an experiment asks for it that may ask for less: what it did not want measured is left out, whoever measured it. */
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
  // Counted in the order of the test images, in whatever order they were corrupted.
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

/** One bit per byte that is not zero, least significant bit first, as base64. */
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
