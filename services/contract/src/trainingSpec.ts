/**
 * Every hyper-parameter of a training, one per line with its default, unit and reason. Unknown keys are refused.
 * `mode` decides nothing but the stacking (ImCLR, arXiv 2011.12618: loss, hyper-parameters and architecture unchanged).
 */
import { z } from 'zod'
import { givenName } from './access.js'
import { augmentChain, mix } from './augmentation.js'
import { modelId, networkId, versionId } from './ids.js'
import { networkRef } from './network.js'
import { semiSupervised } from './semiSupervised.js'

const fraction = z.number().min(0).max(1)

/** How the learning rate changes over all steps; `rampUp` and `rampDown` multiply what it gives. method.md has the formulae. */
export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({ kind: z.literal('linear') }), // to zero in a straight line
  z.strictObject({ kind: z.literal('cosine') }), // to zero by half a cosine
  z.strictObject({ kind: z.literal('cosine-7-16') }), // to a fifth: cos(7 pi / 16) at the end (FixMatch, TorchSSL)
  z.strictObject({
    kind: z.literal('step'),
    milestones: z.array(fraction).min(1).max(10).default([0.5, 0.75]), // fractions of all steps (He et al.: 32k and 48k of 64k)
    factor: z.number().gt(0).lt(1).default(0.1), // multiplies the rate at each milestone
  }),
])

/** A factor between zero and one over the first or the last epochs. */
export const ramp = z.strictObject({
  epochs: z.number().gt(0).max(10_000), // parts of one too
  shape: z.enum(['linear', 'gaussian']).default('linear'), // gaussian: up by exp(-5 (1 - t)^2), down by exp(-12.5 t^2) (Laine and Aila 2017)
})

const moments = {
  beta1: z.number().min(0).lt(1).default(0.9), // share of the mean of gradients that is kept per step
  beta1End: z.number().min(0).lt(1).nullable().default(null), // where beta1 goes as `rampDown` goes to zero (Laine and Aila: 0.5); null: nowhere
  beta2: z.number().min(0).lt(1).default(0.999), // share of the mean of squared gradients that is kept per step
  epsilon: z.number().gt(0).max(1).default(1e-8), // added to the root of that mean
}

export const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).lt(1).default(0.9),
    nesterov: z.boolean().default(true),
  }),
  z.strictObject({ kind: z.literal('adam'), ...moments }), // weight decay is L2: part of the gradient (Kingma and Ba 2015)
  z.strictObject({ kind: z.literal('adamw'), ...moments }), // weight decay is apart from the gradient (Loshchilov and Hutter 2019)
])

/**
 * Images that are not trained on and decide when training has been best: the validation part that came with the data set ('given' for
 * short), or a part cut from the training images. Exactly one of `part`, `fraction` and `images` is given.
 */
export const validation = z.union([
  z.literal('given'),
  z
    .strictObject({
      part: z.literal('given').optional(), // that of the version; refused where it has none
      fraction: z.number().gt(0).max(0.5).optional(), // of the label budget: its end in the stratified order
      images: z.int().min(1).optional(), // or so many
      patience: z.int().min(1).max(10_000).nullable().default(null), // epochs without a better one after which training ends; null: never
    })
    .refine(({ part, fraction, images }) => [part, fraction, images].filter((one) => one !== undefined).length === 1, {
      message: "Give one of fraction, images and part: 'given'",
      path: ['fraction'],
    }),
])
export type Validation = z.output<typeof validation>

/** What a picture becomes before the network sees it, once training is over. */
export const testInput = z.enum(['self', 'single', 'self-mirror'])
export type TestInput = z.infer<typeof testInput>

/** How two (or more) images become one input; ignored by `mode: 'baseline'`. docs/method.md has the reasons. */
export const stacking = z.strictObject({
  images: z.int().min(2).max(4).default(2), // k: images per input
  axis: z.enum(['height', 'width', 'random']).default('height'), // one above the other; random: either, drawn for each mini-batch, and one above the other at test time
  positions: z.enum(['fixed', 'random']).default('fixed'), // each image first and its partners after it, or an order drawn for each input
  probability: fraction.default(1), // share of mini-batches that are stacked; the others are self-stacked, labels untouched
  order: z.enum(['mix-first', 'stack-first']).default('mix-first'), // whether `mix` works on each image, or on stacked inputs
  // Partners: a permutation of the mini-batch, or one that leaves no image with itself; or drawn from all training images, from those of
  // the same class, or from those of other classes.
  pairing: z
    .enum(['permutation', 'derangement', 'independent', 'same-class', 'different-class'])
    .default('permutation'),
  testInput: testInput.default('self'), // the picture stacked with itself, alone, or stacked with its mirror image
})

/** How many test images, stratified; so many at most. */
const testImages = z.union([z.int().min(10).max(1_000_000), z.literal('all'), z.literal('none')])

export const evaluationSpec = z.strictObject({
  corruptionImages: testImages.default(1000), // each under every corruption at every severity: `corruptionCells` predictions an image
  perturbationImages: testImages.default('none'), // each in 14 sequences for flip rates: about 410 predictions an image; 100 say enough
  referenceModelId: modelId.nullable().default(null), // the named model of mCE and mFR
})
export type EvaluationSpec = z.output<typeof evaluationSpec>

/** Begins with the weights of another network or model. The last layer is new: it is made for the classes of the data set, and drawn by the seed. */
export const fineTune = z.strictObject({
  from: z.union([modelId, networkId]),
  // Layers that keep their weights, and normalise by the statistics that they came with: names, or beginnings of names with a star ('stage1*').
  freeze: z.union([z.literal('all-but-head'), z.array(z.string().min(1).max(200)).max(500)]).default([]),
})

export const limits = z.strictObject({
  maxSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(86_400), // of one job over all attempts; then: checkpoint, evaluate, keep
  maxAttempts: z.int().min(1).max(20).default(5), // for infrastructure failures only
})

export const trainingSpec = z.strictObject({
  mode: z.enum(['imclr', 'baseline']).default('imclr'),
  network: networkRef.default('resnet20'), // one of ours, or the id of one that was uploaded; follows from `fineTune.from` where that is given
  fineTune: fineTune.nullable().default(null), // null: first weights are drawn
  epochs: z.int().min(1).max(10_000).default(30), // passes over the training images
  batchSize: z.int().min(2).max(4096).default(128), // inputs per step; the same number of pairs with ImCLR; at most all training images, then so many are echoed
  learningRate: z.number().gt(0).max(100).default(0.1), // before ramps and schedule; for SGD: Adam wants a hundredth of it
  schedule: schedule.default({ kind: 'cosine' }),
  rampUp: ramp.nullable().default(null), // of the learning rate, from zero; the linear one is known as warm-up
  rampDown: ramp.nullable().default(null), // of the learning rate, towards zero
  optimizer: optimizer.default(optimizer.parse({ kind: 'sgd' })),
  weightDecay: z.number().min(0).max(1).default(5e-4), // per step: added to the gradient as `weightDecay * w`; with adamw w loses `learningRate * weightDecay * w`
  decay: z.enum(['all', 'kernels']).default('all'), // what it is applied to: every trainable weight, or all but normalisation and biases
  clipNorm: z.number().gt(0).nullable().default(null), // largest norm of all gradients together, before weight decay; null: no limit
  labelSmoothing: fraction.default(0), // share of the label spread evenly over all classes
  emaDecay: z.number().gt(0).lt(1).nullable().default(null), // per step; where set, the averaged weights are the model, and the others are evaluated beside them
  augment: augmentChain.default(augmentChain.parse(['crop', 'flip'])), // of each image on its own, in this order
  mix: mix.default({ op: 'none' }), // images of a mini-batch with each other
  stacking: stacking.default(stacking.parse({})),
  semiSupervised: semiSupervised.nullable().default(null), // learning from unlabelled images too; null: from labelled ones alone
  sampling: z.enum(['natural', 'balanced', 'class-weighted']).default('natural'), // each image once an epoch | every class equally often | each once, rare classes count more in the loss
  trainImages: z.int().min(2).nullable().default(null), // label budget: the beginning of a stratified order; null: all
  validation: validation.nullable().default(null), // the version's own, or cut from the label budget; where set, the model is that of the best epoch by its accuracy
  subsetSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1), // decides that order and the corrupted pictures of the evaluation; paired runs share it
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1), // of init, shuffle, augment and pair streams
  precision: z.enum(['float32', 'bfloat16']).default('float32'),
  execution: z.enum(['graph', 'eager']).default('graph'),
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
