/**
 * The record that an experiment keeps of a run. From records alone, anybody can compute every number of the report
 * again, without training and without the model. A record outlives the schemas of its day, so it keeps the spec as it
 * was written, not as a schema reads it now.
 */
import { z } from 'zod'
import { environment } from './artifact.js'
import { sha256 } from './dataset.js'
import { experimentComparison } from './experiment.js'

const place = { arm: z.string(), seed: z.int(), budget: z.int().nullable() }

const corruptedRecord = z.object({
  seed: z.int(),
  table: z.string(),
  frost: z.string(), // with `seed` and `table` it decides the corrupted pictures
  rows: z.base64(), // bitmap over the test images: 1 where an image was corrupted
  // One uint8 per corrupted image, in the order of the test images: the number of the benchmark's cells in which the
  // answer was wrong.
  wrong: z.base64(),
  counted: z.int().positive(), // number of the benchmark's cells
  cells: z.array(z.object({ corruption: z.string(), severity: z.int(), benchmark: z.boolean(), error: z.number() })),
})

export const runRecord = z.object({
  schemaVersion: z.literal(1),
  experiment: z.string(),
  ...place,
  spec: z.record(z.string(), z.unknown()), // the spec as it was run
  content: sha256, // hash of the data set version's content: the same on every machine
  testImages: z.int().positive(),
  correct: z.base64(), // bitmap over the test images: 1 where the answer was right; least significant bit first
  accuracy: z.number(),
  corrupted: corruptedRecord.nullable(),
  parameters: z.int(),
  epochs: z.int(),
  steps: z.int(),
  seconds: z.number(), // time of the training steps, without start and evaluation
  environment,
})
export type RunRecord = z.infer<typeof runRecord>

/** The parts of a definition that a report needs. */
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

/** The file of stored runs: `runs.json`. `mergeRuns` merges the files of several machines. */
export const experimentRuns = z.object({
  schemaVersion: z.literal(1),
  plan: experimentPlan,
  runs: z.array(runRecord),
  withoutResult: z.array(z.object({ ...place, why: z.string() })), // runs of the plan without a result
})
export type ExperimentRuns = z.infer<typeof experimentRuns>
