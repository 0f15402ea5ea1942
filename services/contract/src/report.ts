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

/** One bin of the reliability diagram. Accuracy and confidence are null if no image fell into the bin. */
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
  predicted: count, // images that the model took for the class
  precision: share.nullable(), // null if no image was taken for the class
  recall: share.nullable(), // null if the class has no test images
  f1: share.nullable(),
})
export type ClassMetrics = z.infer<typeof classMetrics>

export const cleanMetrics = z.object({
  images: count,
  correct: count,
  accuracy: share,
  interval: intervalSchema, // Wilson's, 95 %
  error: share,
  balancedAccuracy: share, // mean recall of the classes that have test images
  topK: z.array(z.object({ k: z.int().positive(), accuracy: share, interval: intervalSchema })),
  negativeLogLikelihood: z.number().nonnegative(), // nats per image; probabilities below 1e-12 count as 1e-12
  brier: z.number().min(0).max(2.001), // sum over classes of (p - y)^2, mean over images; 0 is best, 2 is worst
  perClass: z.array(classMetrics),
  confusion: z.array(z.array(count)), // [true class][predicted class]
})
export type CleanMetrics = z.infer<typeof cleanMetrics>

export const corruptionCell = z.object({
  corruption: z.string(),
  group: z.enum(corruptionGroups),
  benchmark: z.boolean(), // whether the means count the corruption
  severity: z.int().min(1).max(5),
  error: share,
  images: count,
  parameters: z.record(z.string(), z.union([z.number(), z.string()])),
})
export type CorruptionCell = z.infer<typeof corruptionCell>

export const referenceComparison = z.object({
  modelId: z.string(),
  name: z.string(),
  mCE: z.number().nullable(), // 1 means as good as the reference; null if no corruption has a ratio
  relativeMCE: z.number().nullable(),
  perCorruption: z.array(
    z.object({ corruption: z.string(), ce: z.number().nullable(), relativeCE: z.number().nullable() }),
  ),
  /** Corruptions that the means leave out because the reference's sum is 0 (for the relative mean: not above 0). */
  leftOut: z
    .object({ mCE: z.array(z.string()), relativeMCE: z.array(z.string()) })
    .default({ mCE: [], relativeMCE: [] }),
  /** Whether the reference was measured on the very same corrupted pictures. */
  samePictures: z.boolean().default(false),
})
export type ReferenceComparison = z.infer<typeof referenceComparison>

export const corruptionBlock = z.object({
  table: z.enum(['32', '64', '224']), // the table of parameters, chosen by the images' shorter side
  // True for a stored evaluation set (CIFAR-10-C), whose pictures are read, not made.
  stored: z.boolean().default(false),
  images: count, // images per cell
  total: count, // images of the test split
  seed: z.int().nonnegative(),
  frost: z.string(), // 'procedural', or the source of the photographs
  cells: z.array(corruptionCell),
  perCorruption: z.array(z.object({ corruption: z.string(), benchmark: z.boolean(), error: share })),
  perSeverity: z.array(z.object({ severity: z.int(), error: share })), // over the benchmark's corruptions
  meanError: share,
  cleanErrorOfSameImages: share,
  reference: referenceComparison.nullable(),
})
export type CorruptionBlock = z.infer<typeof corruptionBlock>

/**
 * The images that decided which epoch was kept: some training images, or the validation part that came with the data
 * set.
 */
export const validationBlock = z.object({
  images: count,
  source: z.enum(['held-back', 'given']).default('held-back'),
  // Hash of the images' positions in their split, uint32 little-endian. It is equal if two jobs had the same images.
  positionsSha256: sha256,
  epoch: z.int().positive(), // the kept epoch
  accuracy: share,
  loss: z.number().nonnegative(),
})
export type ValidationBlock = z.infer<typeof validationBlock>

/** The unlabelled images that the training used. */
export const unlabelledBlock = z.object({
  method: z.string(),
  images: count,
  sources: z.record(z.string(), count), // number of images from each source
  // Hash of the images' positions, uint32 little-endian. Positions in the unlabelled split count on from the end of the
  // training split.
  positionsSha256: sha256,
})
export type UnlabelledBlock = z.infer<typeof unlabelledBlock>

/** The result of one perturbation, which changes a picture little by little. */
export const perturbationRow = z.object({
  perturbation: z.string(),
  benchmark: z.boolean(), // whether the means count the perturbation
  frames: z.int().min(2), // frames per sequence, with the first
  comparedWith: z.enum(['first', 'previous']), // the frame whose prediction a frame's prediction is compared with
  flipProbability: share,
  parameters: z.record(z.string(), z.number()),
})

export const perturbationBlock = z.object({
  table: z.enum(['32', '64', '224']),
  images: count, // sequences per perturbation
  total: count, // images of the test split
  seed: z.int().nonnegative(),
  perturbations: z.array(perturbationRow),
  meanFlip: share, // mFP: unnormalised, over the benchmark's perturbations
  reference: z
    .object({
      modelId: z.string(),
      name: z.string(),
      mFR: z.number().nullable(), // 1 means as steady as the reference; null if the reference never flips
      perPerturbation: z.array(z.object({ perturbation: z.string(), flipRate: z.number().nullable() })),
      leftOut: z.array(z.string()), // the benchmark's perturbations in which the reference never flips
      samePictures: z.boolean(),
    })
    .nullable(),
})
export type PerturbationBlock = z.infer<typeof perturbationBlock>

const severityCalibration = z.object({ severity: z.int().min(1).max(5), images: count, ece: share })

/** The measured model. */
export const reportedModel = z.object({
  name: z.string(),
  mode: z.enum(['imclr', 'baseline']),
  testInput: testInput.default('self'), // how a picture became an input; 'single' for the baseline
  network: z.string(),
  // For readers: an uploaded network's name; null in reports from before this field.
  networkTitle: z.string().nullable().default(null),
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
  evaluated: z.object({ images: count, total: count }), // images that the clean metrics rest on, and all test images
  clean: cleanMetrics,
  corruption: corruptionBlock.nullable(), // null if the job asked for none
  perturbation: perturbationBlock.nullable().default(null), // null if the job asked for none
  calibration: z.object({
    clean: calibrationSchema,
    corrupted: calibrationSchema.nullable(), // over the predictions of all benchmark cells together
    perSeverity: z.array(severityCalibration).default([]), // over the benchmark's corruptions at each severity
  }),
  rawWeights: cleanMetrics
    .pick({ images: true, correct: true, accuracy: true, interval: true })
    .nullable()
    .default(null), // if the model is an average: the clean metrics with the raw weights that were averaged
  training: z.object({
    epochs: z.array(epochRecord),
    validation: validationBlock.nullable().default(null),
    unlabelled: unlabelledBlock.nullable().default(null),
  }),
  notes: z.array(z.string()), // formulae, and differences from the benchmark
  notMeasured: z.array(z.string()),
  environment,
})
export type Report = z.infer<typeof report>

/**
 * The report of an evaluation job: a registered model on another version. `dataset` describes the version that it was
 * evaluated on. A stored evaluation set has no clean images, so the values about clean images are null then.
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
