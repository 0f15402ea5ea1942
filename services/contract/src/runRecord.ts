/**
 * What an experiment keeps of a run: enough to draw every number of its report again, here or elsewhere, without training
 * and without the model. A record outlives the schemas of its day, so the spec is kept as it was, not as it is read now.
 */
import { z } from 'zod'
import { environment } from './artifact.js'
import { sha256 } from './dataset.js'
import { experimentComparison } from './experiment.js'

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

/** The file of stored runs: `runs.json`. Those of several machines merge (`mergeRuns`). */
export const experimentRuns = z.object({
  schemaVersion: z.literal(1),
  plan: experimentPlan,
  runs: z.array(runRecord),
  withoutResult: z.array(z.object({ ...place, why: z.string() })), // of the plan
})
export type ExperimentRuns = z.infer<typeof experimentRuns>
