/**
 * Every hyper-parameter of a training, one per line with its default, unit and reason. Unknown keys are refused.
 * `mode` decides nothing but the stacking (ImCLR, arXiv 2011.12618: loss, hyper-parameters and architecture unchanged).
 */
import { z } from 'zod'
import { givenName } from './access.js'
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

/** What a picture becomes before the network sees it, once training is over. */
export const testInput = z.enum(['self', 'single', 'self-mirror'])
export type TestInput = z.infer<typeof testInput>

/** How two (or more) images become one input; ignored by `mode: 'baseline'`. method.md 1.3 has the reasons. */
export const stacking = z.strictObject({
  images: z.int().min(2).max(4).default(2), // k: images per input
  axis: z.enum(['height', 'width']).default('height'), // one above the other
  positions: z.enum(['fixed', 'drawn']).default('fixed'), // each image first and its partners after it, or an order drawn for each input
  probability: fraction.default(1), // share of mini-batches that are stacked; the others are self-stacked, labels untouched
  // Partners: a permutation of the mini-batch, or one that leaves no image with itself; or drawn from all training images, from those of
  // the same class, or from those of other classes.
  pairing: z.enum(['permutation', 'derangement', 'independent', 'same-class', 'different-class']).default('permutation'),
  testInput: testInput.default('self'), // the picture stacked with itself, alone, or stacked with its mirror image
})

export const augmentation = z.strictObject({
  cropPadding: z.int().min(0).max(32).nullable().default(null), // pixels of zero padding before a random crop; null: imageSize / 8
  flip: z.boolean().default(true), // mirrored left to right, with probability one half
})

export const evaluationSpec = z.strictObject({
  corruptionImages: z.union([z.int().min(10).max(1_000_000), z.literal('all'), z.literal('none')]).default(1000), // of the test split, stratified
  referenceModelId: modelId.nullable().default(null), // the named model of mCE
})

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
  name: givenName().optional(),
  spec: trainingSpec.default(trainingSpec.parse({})),
})
