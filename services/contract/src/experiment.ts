/**
 * Experiments: arms x seeds x label budgets on one data set version. Each run is an ordinary training job; the service owns
 * them, whoever asked may leave. The seed policy: seed `s` of an experiment is `seed` and `subsetSeed` of its runs, so all
 * arms of one seed pick the same images, see them in the same order and are corrupted alike; another seed picks anew.
 */
import { z } from 'zod'
import { givenName } from './access.js'
import { datasetId, experimentId, jobId, modelId, versionId } from './ids.js'
import { jobState, progress } from './job.js'
import { presetName } from './presetName.js'
import { trainingSpec, type TrainingSpec } from './trainingSpec.js'

const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by hyphens')
  .max(60)
export const longestParagraph = 1000 // characters
/** Lines of text; a zero character has no place in a database. */
const paragraph = z
  .string()
  .max(longestParagraph)
  .regex(/^[^\0\p{Cs}]*$/u, 'must have no zero characters')
const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const seeds = z.array(seed).min(1).max(100)
/** Labelled training images, balanced over the classes; null: all there are. */
const budget = z.int().min(2).nullable()
const budgets = z.array(budget).min(1).max(20)

/** One configuration. `seed`, `subsetSeed` and `trainImages` of its spec are set by the experiment. */
export const experimentArm = z.strictObject({ name: slug, title: givenName(), spec: trainingSpec })

export const experimentComparison = z.strictObject({
  arm: slug,
  against: slug,
  published: z.number().nullable().default(null), // gain in percentage points, as the paper has it
  metric: z.enum(['clean', 'corrupted']).default('clean'), // of what: accuracy on the test images as they are, or mean accuracy under corruption
})
export type ExperimentComparison = z.output<typeof experimentComparison>

/** What a data set must have to carry an experiment. */
export const experimentRequirements = z.strictObject({
  minSide: z.int().min(8).default(8), // pixels of the shorter side
  maxSide: z.int().max(1024).default(1024), // pixels of the longer side
  labelsPerClass: z.int().min(1).default(2), // in every budget, and training images of the smallest class
  unlabelledImages: z.int().min(0).default(0),
  testImages: z.int().min(2).default(100), // fewer cannot show a difference worth having
})
export type ExperimentRequirements = z.output<typeof experimentRequirements>

export const experimentDefinition = z.strictObject({
  name: slug,
  title: givenName(200),
  claim: paragraph.nullable().default(null), // what the published source says, and which
  recipe: paragraph.nullable().default(null), // where the hyper-parameters come from
  arms: z.array(experimentArm).min(1).max(12),
  comparisons: z.array(experimentComparison).max(30).default([]), // none: every arm against the first
  seeds: seeds.default([1, 2, 3, 4, 5]),
  budgets: budgets.default([null]),
  requires: experimentRequirements.default(experimentRequirements.parse({})),
})
export type ExperimentDefinition = z.output<typeof experimentDefinition>
/** What a user writes in an experiment's file. */
export type ExperimentDefinitionInput = z.input<typeof experimentDefinition>

export type SpecOverrides = Partial<TrainingSpec>
/** The fields of a training's spec, each optional and without its default: what replaces an arm's own. */
export const specOverrides = z.strictObject(
  Object.fromEntries(
    Object.entries<z.ZodType>(trainingSpec.shape).map(([name, field]) => [
      name,
      (field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field).optional(),
    ]),
  ),
) as unknown as z.ZodType<SpecOverrides>

/** `paper`: as published, or the nearest recipe with a source, on a GPU; `medium`: a GPU hour or a CPU night; `small`: about half an hour per seed on two cores. */
export const scales = ['paper', 'medium', 'small'] as const
export const scale = z.enum(scales)
export type Scale = z.infer<typeof scale>

export const createExperimentRequest = z.strictObject({
  versionId,
  experiment: z.union([presetName, experimentDefinition]), // a preset by its name, or a definition of one's own
  scale: scale.default('small'), // of a preset
  seeds: seeds.optional(), // in place of the definition's
  budgets: budgets.optional(),
  overrides: specOverrides.optional(), // of every arm's spec
  computeMatched: z.boolean().default(false), // also the baselines with ImCLR's compute: for k times the epochs, and with k times the batch
})

export const experimentStates = ['running', 'succeeded', 'incomplete'] as const

export const experimentSummary = z.object({
  id: experimentId,
  name: z.string(),
  title: z.string(),
  datasetId,
  versionId,
  preset: presetName.nullable(),
  scale: scale.nullable(), // of the preset
  /** `running`: a run has not ended; `incomplete`: all have, and some gave no result. */
  state: z.enum(experimentStates),
  runs: z.object({ total: z.int(), succeeded: z.int(), unfinished: z.int(), withoutResult: z.int() }),
  createdAt: z.iso.datetime(),
})
export type ExperimentSummary = z.infer<typeof experimentSummary>

export const experimentRun = z.object({
  arm: z.string(),
  seed: z.int(),
  budget: z.int().nullable(),
  jobId,
  state: jobState,
  progress: progress.nullable(),
  modelId: modelId.nullable(),
  accuracy: z.number().nullable(),
  whyNoResult: z.string().nullable(), // where it has ended without one
})
export type ExperimentRun = z.infer<typeof experimentRun>

export const experiment = experimentSummary.extend({
  definition: experimentDefinition,
  secondsLeft: z.number().nullable(), // by the estimates of the jobs and how the started ones turn out; null: all have ended
  allRuns: z.array(experimentRun),
})
export type Experiment = z.infer<typeof experiment>

/** One run of the plan. */
export interface PlannedRun {
  arm: string
  seed: number
  budget: number | null
  spec: TrainingSpec
}

/** All runs, seed by seed, so that the first pairs are whole early. A run's place is its number in the records: the order is part of the format. */
export function planRuns({
  arms,
  seeds,
  budgets,
}: Pick<ExperimentDefinition, 'arms' | 'seeds' | 'budgets'>): PlannedRun[] {
  return seeds.flatMap((seed) =>
    budgets.flatMap((budget) =>
      arms.map(({ name, spec }) => ({
        arm: name,
        seed,
        budget,
        spec: { ...spec, seed, subsetSeed: seed, trainImages: budget },
      })),
    ),
  )
}

/** The pairs that are compared: those named, or every arm against the first. */
export function comparedPairs({
  arms,
  comparisons,
}: {
  arms: readonly { name: string }[]
  comparisons: ExperimentComparison[]
}): ExperimentComparison[] {
  if (comparisons.length > 0) return comparisons
  const [first, ...others] = arms
  return others.map(({ name }) => ({ arm: name, against: first!.name, published: null, metric: 'clean' }))
}
