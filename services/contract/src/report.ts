/** The report of a model on its user's own test split: `report.json` of the artifact, and what the SDK returns. */
import { z } from 'zod'
import { environment } from './artifact.js'
import { sha256 } from './dataset.js'
import { epochRecord } from './event.js'
import { modelId, versionId } from './ids.js'
import { testInput } from './trainingSpec.js'
import { corruptionGroups } from './corruption.js'

const share = z.number().min(0).max(1)
const count = z.int().nonnegative()
export const intervalSchema = z.object({ low: z.number(), high: z.number() })

/** One bin of the reliability diagram; accuracy and confidence are null where no image fell into it. */
export const reliabilityBin = z.object({
  low: share,
  high: share,
  images: count,
  accuracy: share.nullable(),
  confidence: share.nullable(),
})

/** Expected calibration error over equal-width bins of the top probability (Guo et al. 2017). */
export const calibrationSchema = z.object({ images: count, ece: share, bins: z.array(reliabilityBin) })
export type Calibration = z.infer<typeof calibrationSchema>

export const classMetrics = z.object({
  name: z.string(),
  support: count, // test images of the class
  predicted: count, // images that were taken for it
  precision: share.nullable(), // null where nothing was taken for it
  recall: share.nullable(), // null without test images
  f1: share.nullable(),
})
export type ClassMetrics = z.infer<typeof classMetrics>

export const cleanMetrics = z.object({
  images: count,
  correct: count,
  accuracy: share,
  interval: intervalSchema, // Wilson, 95 %
  error: share,
  balancedAccuracy: share, // mean recall of the classes that have test images
  topK: z.array(z.object({ k: z.int().positive(), accuracy: share, interval: intervalSchema })),
  negativeLogLikelihood: z.number().nonnegative(), // nats per image, probabilities not below 1e-12
  brier: z.number().min(0).max(2.001), // sum over classes of (p - y)^2, mean over images: 0 best, 2 worst
  perClass: z.array(classMetrics),
  confusion: z.array(z.array(count)), // [true class][predicted class]
})
export type CleanMetrics = z.infer<typeof cleanMetrics>

export const corruptionCell = z.object({
  corruption: z.string(),
  group: z.enum(corruptionGroups),
  benchmark: z.boolean(), // whether the means count it
  severity: z.int().min(1).max(5),
  error: share,
  images: count,
  parameters: z.record(z.string(), z.union([z.number(), z.string()])),
})
export type CorruptionCell = z.infer<typeof corruptionCell>

export const referenceComparison = z.object({
  modelId: z.string(),
  name: z.string(),
  mCE: z.number().nullable(), // ratio, 1 = as good as the reference; null where no corruption has one
  relativeMCE: z.number().nullable(),
  perCorruption: z.array(
    z.object({ corruption: z.string(), ce: z.number().nullable(), relativeCE: z.number().nullable() }),
  ),
  /** Corruptions that are in no mean, because the reference's sum is 0 (or, relative, not above 0). */
  leftOut: z
    .object({ mCE: z.array(z.string()), relativeMCE: z.array(z.string()) })
    .default({ mCE: [], relativeMCE: [] }),
  /** Whether the reference was measured on the very same corrupted pictures. */
  samePictures: z.boolean().default(false),
})
export type ReferenceComparison = z.infer<typeof referenceComparison>

export const corruptionBlock = z.object({
  table: z.enum(['32', '64', '224']), // whose parameters, chosen by the images' shorter side
  stored: z.boolean().default(false), // of a stored evaluation set (CIFAR-10-C): read from files, not made here
  images: count, // per cell
  total: count, // of the test split
  seed: z.int().nonnegative(),
  frost: z.string(), // 'procedural' or where the photographs came from
  cells: z.array(corruptionCell),
  perCorruption: z.array(z.object({ corruption: z.string(), benchmark: z.boolean(), error: share })),
  perSeverity: z.array(z.object({ severity: z.int(), error: share })), // over those of the benchmark
  meanError: share,
  cleanErrorOfSameImages: share,
  reference: referenceComparison.nullable(),
})
export type CorruptionBlock = z.infer<typeof corruptionBlock>

/** The images that the kept epoch was chosen by: some of the training images, or the validation part that came with the data set. */
export const validationBlock = z.object({
  images: count,
  source: z.enum(['held-back', 'given']).default('held-back'),
  positionsSha256: sha256, // of their positions in the split that they are of, uint32 little-endian: equal where two jobs had the same ones
  epoch: z.int().positive(), // the kept one
  accuracy: share,
  loss: z.number().nonnegative(),
})
export type ValidationBlock = z.infer<typeof validationBlock>

/** The images without labels that were learnt from. */
export const unlabelledBlock = z.object({
  method: z.string(),
  images: count,
  sources: z.record(z.string(), count), // how many came from where
  positionsSha256: sha256, // of their positions, uint32 little-endian: in the training split, then (counted on from its end) in the unlabelled one
})
export type UnlabelledBlock = z.infer<typeof unlabelledBlock>

/** One perturbation: a picture changed little by little. */
export const perturbationRow = z.object({
  perturbation: z.string(),
  benchmark: z.boolean(), // whether the means count it
  frames: z.int().min(2), // per sequence, the first included
  comparedWith: z.enum(['first', 'previous']), // what a frame's prediction is set against
  flipProbability: share,
  parameters: z.record(z.string(), z.number()),
})

export const perturbationBlock = z.object({
  table: z.enum(['32', '64', '224']),
  images: count, // sequences per perturbation
  total: count, // of the test split
  seed: z.int().nonnegative(),
  perturbations: z.array(perturbationRow),
  meanFlip: share, // mFP: unnormalised, over those of the benchmark
  reference: z
    .object({
      modelId: z.string(),
      name: z.string(),
      mFR: z.number().nullable(), // ratio, 1 = as steady as the reference; null where it never flips
      perPerturbation: z.array(z.object({ perturbation: z.string(), flipRate: z.number().nullable() })),
      leftOut: z.array(z.string()), // of the benchmark, where the reference never flips
      samePictures: z.boolean(),
    })
    .nullable(),
})
export type PerturbationBlock = z.infer<typeof perturbationBlock>

const severityCalibration = z.object({ severity: z.int().min(1).max(5), images: count, ece: share })

/** Who was measured. */
export const reportedModel = z.object({
  name: z.string(),
  mode: z.enum(['imclr', 'baseline']),
  testInput: testInput.default('self'), // what a picture became; single with the baseline
  network: z.string(),
  networkTitle: z.string().nullable().default(null), // for a reader: an uploaded network's name; null: a report from before there was one
  parameters: count,
  epochsTrained: count,
  trainImages: count,
  seed: z.int().nonnegative(),
  precision: z.string(),
  endedEarly: z.string().nullable(),
})

export const report = z.object({
  schemaVersion: z.literal(1),
  model: reportedModel,
  dataset: z.object({
    versionId,
    name: z.string().nullable(),
    classes: z.array(z.string()).min(2),
    imageSize: z.object({ height: z.int().positive(), width: z.int().positive() }),
    counts: z.object({ train: count, test: count, unlabelled: count }),
    testPerClass: z.array(count),
    testWasGiven: z.boolean(),
  }),
  evaluated: z.object({ images: count, total: count }), // clean metrics: of how many test images
  clean: cleanMetrics,
  corruption: corruptionBlock.nullable(), // null where the job asked for none
  perturbation: perturbationBlock.nullable().default(null), // null where the job asked for none
  calibration: z.object({
    clean: calibrationSchema,
    corrupted: calibrationSchema.nullable(), // predictions of all benchmark cells pooled
    perSeverity: z.array(severityCalibration).default([]), // of the benchmark's corruptions at each severity
  }),
  rawWeights: cleanMetrics
    .pick({ images: true, correct: true, accuracy: true, interval: true })
    .nullable()
    .default(null), // where the model is an average: the same, by the weights that were averaged
  training: z.object({
    epochs: z.array(epochRecord),
    validation: validationBlock.nullable().default(null),
    unlabelled: unlabelledBlock.nullable().default(null),
  }),
  notes: z.array(z.string()), // formulae, and what was done otherwise than in the benchmark
  notMeasured: z.array(z.string()),
  environment,
})
export type Report = z.infer<typeof report>

/**
 * The report of a registered model on another version, a job of its own. `dataset` is what it was evaluated on; a stored
 * evaluation set has no clean images, so what is said of those is null then.
 */
export const evaluationReport = report
  .omit({ training: true, rawWeights: true })
  .extend({
    model: reportedModel.extend({ id: modelId, trainedOn: versionId }),
    clean: cleanMetrics.nullable(),
    corruption: corruptionBlock.extend({ cleanErrorOfSameImages: share.nullable() }).nullable(),
    calibration: report.shape.calibration.extend({ clean: calibrationSchema.nullable() }),
  })
export type EvaluationReport = z.infer<typeof evaluationReport>
