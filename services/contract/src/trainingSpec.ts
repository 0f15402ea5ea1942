/**
 * Every hyper-parameter of a training, one per line with its default, unit and reason. Unknown keys are refused.
 * `mode` decides nothing but the stacking (ImCLR, arXiv 2011.12618: loss, hyper-parameters and architecture unchanged).
 */
import { z } from 'zod'
import { modelId, versionId } from './ids.js'
import { networkNames } from './network.js'

const fraction = z.number().min(0).max(1)

export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cosine') }), // to zero over all steps, by half a cosine
  z.strictObject({
    kind: z.literal('step'),
    milestones: z.array(fraction).min(1).max(10).default([0.5, 0.75]), // fractions of all steps (He et al.: 32k and 48k of 64k)
    factor: z.number().gt(0).lt(1).default(0.1), // multiplies the rate at each milestone
  }),
])

/** How two (or more) images become one input; ignored by `mode: 'baseline'`. method.md 1.3 has the reasons. */
export const stacking = z.strictObject({
  images: z.int().min(2).max(4).default(2), // k: images per input
  axis: z.enum(['height', 'width']).default('height'), // one above the other
  probability: fraction.default(1), // share of mini-batches that are stacked; the others are self-stacked, labels untouched
  pairing: z.enum(['permutation', 'independent']).default('permutation'), // partner: a permutation of the mini-batch, or drawn from all
})

export const augmentation = z.strictObject({
  cropPadding: z.int().min(0).max(32).nullable().default(null), // pixels of zero padding before a random crop; null: imageSize / 8
  flip: z.boolean().default(true), // mirrored left to right, with probability one half
})

/** How many test images, stratified; so many at most. */
const testImages = z.union([z.int().min(10).max(1_000_000), z.literal('all'), z.literal('none')])

export const evaluationSpec = z.strictObject({
  corruptionImages: testImages.default(1000), // each under 19 corruptions at 5 severities: 95 predictions an image
  perturbationImages: testImages.default('none'), // each in 14 sequences for flip rates: about 410 predictions an image; 100 say enough
  referenceModelId: modelId.nullable().default(null), // the named model of mCE and mFR
})
export type EvaluationSpec = z.output<typeof evaluationSpec>

export const limits = z.strictObject({
  maxSeconds: z.int().min(1).max(30 * 86_400).default(86_400), // of one job over all attempts; then: checkpoint, evaluate, keep
  maxAttempts: z.int().min(1).max(20).default(5), // for infrastructure failures only
})

export const trainingSpec = z.strictObject({
  mode: z.enum(['imclr', 'baseline']).default('imclr'),
  network: z.enum(networkNames).default('resnet20'),
  epochs: z.int().min(1).max(10_000).default(30), // passes over the training images
  batchSize: z.int().min(2).max(4096).default(128), // inputs per step; the same number of pairs with ImCLR; at most all training images, then so many are echoed
  learningRate: z.number().gt(0).max(100).default(0.1), // at the end of warm-up
  schedule: schedule.default({ kind: 'cosine' }),
  warmupEpochs: z.number().min(0).max(1000).default(0), // linear from zero
  momentum: z.number().min(0).lt(1).default(0.9),
  nesterov: z.boolean().default(true),
  weightDecay: z.number().min(0).max(1).default(5e-4), // L2, added to the gradient of every trainable weight
  labelSmoothing: fraction.default(0), // share of the label spread evenly over all classes
  emaDecay: z.number().gt(0).lt(1).nullable().default(null), // per step; where set, the averaged weights are the model
  augmentation: augmentation.default(augmentation.parse({})),
  stacking: stacking.default(stacking.parse({})),
  trainImages: z.int().min(2).nullable().default(null), // label budget: the beginning of a stratified order; null: all
  subsetSeed: z.int().min(0).max(2 ** 31 - 1).default(1), // decides that order and the corrupted pictures of the evaluation; paired runs share it
  seed: z.int().min(0).max(2 ** 31 - 1).default(1), // of init, shuffle, augment and pair streams
  precision: z.enum(['float32', 'bfloat16']).default('float32'),
  execution: z.enum(['recorded', 'eager']).default('recorded'),
  evaluation: evaluationSpec.default(evaluationSpec.parse({})),
  limits: limits.default(limits.parse({})),
})
/** What a user may write: every field optional. */
export type TrainingSpecInput = z.input<typeof trainingSpec>
/** What is run: every field present. */
export type TrainingSpec = z.output<typeof trainingSpec>

export const trainRequest = z.strictObject({
  versionId,
  name: z.string().trim().min(1).max(100).optional(),
  spec: trainingSpec.default(trainingSpec.parse({})),
})
