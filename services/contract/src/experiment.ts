/**
 * Experiments: arms x seeds x label budgets on one data set version. Each run is an ordinary training job. The service
 * owns the runs, so the client that asked for them may leave. The seed policy: seed `s` of an experiment is both `seed`
 * and `subsetSeed` of its runs. So all arms of one seed pick the same images, see them in the same order and are tested
 * on the same corrupted pictures. Another seed picks other images.
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
/** Lines of text without zero characters, which a database cannot store. */
const paragraph = z
  .string()
  .max(longestParagraph)
  .regex(/^[^\0\p{Cs}]*$/u, 'must have no zero characters')
const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const seeds = z.array(seed).min(1).max(100)
/** Number of labelled training images, balanced over the classes. Null means all of them. */
const budget = z.int().min(2).nullable()
const budgets = z.array(budget).min(1).max(20)

/** One configuration. The experiment sets `seed`, `subsetSeed` and `trainImages` of its spec. */
export const experimentArm = z.strictObject({ name: slug, title: givenName(), spec: trainingSpec })

export const experimentComparison = z.strictObject({
  arm: slug,
  against: slug,
  published: z.number().nullable().default(null), // gain in percentage points, as the paper states it
  // The number that the gain is about: accuracy on the unchanged test images, or mean accuracy under corruption.
  metric: z.enum(['clean', 'corrupted']).default('clean'),
})
export type ExperimentComparison = z.output<typeof experimentComparison>

/** What an experiment requires of its data set. */
export const experimentRequirements = z.strictObject({
  minSide: z.int().min(8).default(8), // pixels of the shorter side
  maxSide: z.int().max(1024).default(1024), // pixels of the longer side
  // Labels per class in every budget, and training images of the smallest class.
  labelsPerClass: z.int().min(1).default(2),
  unlabelledImages: z.int().min(0).default(0),
  testImages: z.int().min(2).default(100), // fewer images cannot show a difference that matters
})
export type ExperimentRequirements = z.output<typeof experimentRequirements>

export const experimentDefinition = z.strictObject({
  name: slug,
  title: givenName(200),
  claim: paragraph.nullable().default(null), // the claim, and the publication that makes it
  recipe: paragraph.nullable().default(null), // the source of the hyper-parameters
  arms: z.array(experimentArm).min(1).max(12),
  comparisons: z.array(experimentComparison).max(30).default([]), // an empty list compares every arm with the first
  seeds: seeds.default([1, 2, 3, 4, 5]),
  budgets: budgets.default([null]),
  requires: experimentRequirements.default(experimentRequirements.parse({})),
})
export type ExperimentDefinition = z.output<typeof experimentDefinition>
/** The content of an experiment's file, as a user writes it. */
export type ExperimentDefinitionInput = z.input<typeof experimentDefinition>

export type SpecOverrides = Partial<TrainingSpec>
/** Settings that replace those of an arm: the fields of a training's spec, each optional and without its default. */
export const specOverrides = z.strictObject(
  Object.fromEntries(
    Object.entries<z.ZodType>(trainingSpec.shape).map(([name, field]) => [
      name,
      (field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field).optional(),
    ]),
  ),
) as unknown as z.ZodType<SpecOverrides>

/**
 * `paper`: as published, or the nearest recipe with a source, on a GPU. `medium`: an hour on a GPU or a night on a CPU.
 * `small`: about half an hour per seed on two cores.
 */
export const scales = ['paper', 'medium', 'small'] as const
export const scale = z.enum(scales)
export type Scale = z.infer<typeof scale>

export const createExperimentRequest = z.strictObject({
  versionId,
  experiment: z.union([presetName, experimentDefinition]), // the name of a preset, or the user's own definition
  scale: scale.default('small'), // scale of a preset
  seeds: seeds.optional(), // replaces the definition's seeds
  budgets: budgets.optional(),
  overrides: specOverrides.optional(), // replaces settings in every arm's spec
  // Adds baselines that get the compute of ImCLR: one with k times the epochs, one with k times the epochs and k times
  // the batch.
  computeMatched: z.boolean().default(false),
})

export const experimentStates = ['running', 'succeeded', 'incomplete'] as const

export const experimentSummary = z.object({
  id: experimentId,
  name: z.string(),
  title: z.string(),
  datasetId,
  versionId,
  preset: presetName.nullable(),
  scale: scale.nullable(), // scale of the preset
  /** `running`: at least one run has not ended. `incomplete`: all runs have ended, and some gave no result. */
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
  whyNoResult: z.string().nullable(), // set if the run ended without a result
})
export type ExperimentRun = z.infer<typeof experimentRun>

export const experiment = experimentSummary.extend({
  definition: experimentDefinition,
  // Computed from the jobs' estimates and the measured speed of the started jobs. Null if all jobs have ended.
  secondsLeft: z.number().nullable(),
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

/**
 * All runs, seed by seed, so that the first pairs are complete early. The records number a run by its place, so the
 * order is part of the format.
 */
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

/** The compared pairs of arms: the named ones, or every arm against the first. */
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
