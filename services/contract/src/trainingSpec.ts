/**
 * Every hyper-parameter of a training, one per line, with its default, unit and reason. Unknown keys are refused.
 * `mode` decides only the stacking. ImCLR (arXiv 2011.12618) leaves loss, hyper-parameters and architecture unchanged.
 */
import { z } from 'zod'
import { givenName } from './access.js'
import { augmentChain, mix } from './augmentation.js'
import { modelId, networkId, versionId } from './ids.js'
import { networkRef } from './network.js'
import { semiSupervised } from './semiSupervised.js'

const fraction = z.number().min(0).max(1)

/**
 * How the learning rate changes over all steps. `rampUp` and `rampDown` multiply the scheduled rate. method.md has the
 * formulae.
 */
export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({ kind: z.literal('linear') }), // falls to zero in a straight line
  z.strictObject({ kind: z.literal('cosine') }), // falls to zero along half a cosine
  // Falls to a fifth: cos(7 pi / 16) at the end (FixMatch, TorchSSL).
  z.strictObject({ kind: z.literal('cosine-7-16') }),
  z.strictObject({
    kind: z.literal('step'),
    // Fractions of all steps (He et al.: 32k and 48k of 64k)
    milestones: z.array(fraction).min(1).max(10).default([0.5, 0.75]),
    factor: z.number().gt(0).lt(1).default(0.1), // multiplies the rate at each milestone
  }),
])

/** A factor between zero and one that applies to the first or the last epochs. */
export const ramp = z.strictObject({
  epochs: z.number().gt(0).max(10_000), // may be a fraction
  // 'gaussian' goes up by exp(-5 (1 - t)^2) and down by exp(-12.5 t^2) (Laine and Aila 2017).
  shape: z.enum(['linear', 'gaussian']).default('linear'),
})

const moments = {
  beta1: z.number().min(0).lt(1).default(0.9), // share of the mean gradient that each step keeps
  // The value that beta1 reaches as `rampDown` falls to zero (Laine and Aila: 0.5). Null leaves beta1 unchanged.
  beta1End: z.number().min(0).lt(1).nullable().default(null),
  beta2: z.number().min(0).lt(1).default(0.999), // share of the mean squared gradient that each step keeps
  epsilon: z.number().gt(0).max(1).default(1e-8), // added to the root of that mean
}

export const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).lt(1).default(0.9),
    nesterov: z.boolean().default(true),
  }),
  // Weight decay is L2, a part of the gradient (Kingma and Ba 2015).
  z.strictObject({ kind: z.literal('adam'), ...moments }),
  // Weight decay is separate from the gradient (Loshchilov and Hutter 2019).
  z.strictObject({ kind: z.literal('adamw'), ...moments }),
])

/**
 * Images that the training does not learn from and that decide which epoch is best: the validation part that came with
 * the data set ('given' for short), or a part cut from the training images. A user gives exactly one of `part`,
 * `fraction` and `images`.
 */
export const validation = z.union([
  z.literal('given'),
  z
    .strictObject({
      part: z.literal('given').optional(), // the version's own part; refused if it has none
      // Share of the label budget, taken from the end of the stratified order.
      fraction: z.number().gt(0).max(0.5).optional(),
      images: z.int().min(1).optional(), // or a number of images
      // Training ends after this many epochs without a better one. Null means never.
      patience: z.int().min(1).max(10_000).nullable().default(null),
    })
    .refine(({ part, fraction, images }) => [part, fraction, images].filter((one) => one !== undefined).length === 1, {
      message: "Give one of fraction, images and part: 'given'",
      path: ['fraction'],
    }),
])
export type Validation = z.output<typeof validation>

/** How a picture becomes the network's input once training is over. */
export const testInput = z.enum(['self', 'single', 'self-mirror'])
export type TestInput = z.infer<typeof testInput>

/** How two (or more) images become one input. `mode: 'baseline'` ignores it. docs/method.md has the reasons. */
export const stacking = z.strictObject({
  images: z.int().min(2).max(4).default(2), // k: images per input
  // 'height' puts one image above the other. 'random' draws height or width for each mini-batch, and uses height at
  // test time.
  axis: z.enum(['height', 'width', 'random']).default('height'),
  // 'fixed' puts each image first and its partners after it. 'random' draws an order for each input.
  positions: z.enum(['fixed', 'random']).default('fixed'),
  // Share of mini-batches that are stacked; the others are self-stacked with their own labels.
  probability: fraction.default(1),
  // Whether `mix` works on single images or on stacked inputs.
  order: z.enum(['mix-first', 'stack-first']).default('mix-first'),
  // How each image gets its partners: by a permutation of the mini-batch, or by one that pairs no image with itself; or
  // by a draw from all training images, from those of the same class, or from those of other classes.
  pairing: z
    .enum(['permutation', 'derangement', 'independent', 'same-class', 'different-class'])
    .default('permutation'),
  testInput: testInput.default('self'), // the picture stacked with itself, alone, or with its mirror image
})

/** How many test images to use at most. They are chosen stratified by class. */
const testImages = z.union([z.int().min(10).max(1_000_000), z.literal('all'), z.literal('none')])

export const evaluationSpec = z.strictObject({
  // Each image is tested under every corruption at every severity: `corruptionCells` predictions.
  corruptionImages: testImages.default(1000),
  // Each image gives 14 sequences for flip rates: about 410 predictions; 100 images are enough.
  perturbationImages: testImages.default('none'),
  referenceModelId: modelId.nullable().default(null), // the model that mCE and mFR compare with
})
export type EvaluationSpec = z.output<typeof evaluationSpec>

/**
 * The training begins with the weights of another network or model. The last layer is new: it fits the classes of the
 * data set, and the seed decides its weights.
 */
export const fineTune = z.strictObject({
  from: z.union([modelId, networkId]),
  // Layers that keep their weights and normalise with the statistics that they came with: names, or beginnings of names
  // and a star ('stage1*').
  freeze: z.union([z.literal('all-but-head'), z.array(z.string().min(1).max(200)).max(500)]).default([]),
})

export const limits = z.strictObject({
  maxSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(86_400), // all attempts of a job together; then it writes a checkpoint, evaluates and keeps the model
  maxAttempts: z.int().min(1).max(20).default(5), // for infrastructure failures only
})

export const trainingSpec = z.strictObject({
  mode: z.enum(['imclr', 'baseline']).default('imclr'),
  // One of ours, or the id of an uploaded one. If `fineTune.from` is given, it decides the network.
  network: networkRef.default('resnet20'),
  fineTune: fineTune.nullable().default(null), // null draws the first weights
  epochs: z.int().min(1).max(10_000).default(30), // passes over the training images
  // Inputs per step; with ImCLR, pairs per step. If there are fewer training images, the batch has that many, and the
  // job shows that number.
  batchSize: z.int().min(2).max(4096).default(128),
  // Before ramps and schedule; the default suits SGD, Adam needs a hundredth of it.
  learningRate: z.number().gt(0).max(100).default(0.1),
  schedule: schedule.default({ kind: 'cosine' }),
  rampUp: ramp.nullable().default(null), // raises the learning rate from zero; the linear one is known as warm-up
  rampDown: ramp.nullable().default(null), // lowers the learning rate towards zero
  optimizer: optimizer.default(optimizer.parse({ kind: 'sgd' })),
  // Per step, adds `weightDecay * w` to the gradient. With adamw, w loses `learningRate * weightDecay * w` instead.
  weightDecay: z.number().min(0).max(1).default(5e-4),
  // Weights that decay: every trainable one, or all except normalisation and biases.
  decay: z.enum(['all', 'kernels']).default('all'),
  // Largest norm of all gradients together, before weight decay; null means no limit.
  clipNorm: z.number().gt(0).nullable().default(null),
  labelSmoothing: fraction.default(0), // share of the label that is spread evenly over all classes
  // Per step. If set, the averaged weights are the model, and the raw weights are evaluated beside them.
  emaDecay: z.number().gt(0).lt(1).nullable().default(null),
  augment: augmentChain.default(augmentChain.parse(['crop', 'flip'])), // changes each image on its own, in this order
  mix: mix.default({ op: 'none' }), // mixes images of a mini-batch with each other
  stacking: stacking.default(stacking.parse({})),
  // Learns from unlabelled images too; null learns from labelled ones alone.
  semiSupervised: semiSupervised.nullable().default(null),
  // Each image once per epoch | every class equally often | each image once, but rare classes count more in the loss.
  sampling: z.enum(['natural', 'balanced', 'class-weighted']).default('natural'),
  // Label budget: the beginning of a stratified order; null means all.
  trainImages: z.int().min(2).nullable().default(null),
  // The version's own part, or one cut from the label budget. If set, the model is that of the epoch with the best
  // accuracy on it.
  validation: validation.nullable().default(null),
  subsetSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1), // decides the stratified order and the corrupted pictures of the evaluation; paired runs share it
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1), // seeds the random streams for first weights, shuffling, augmentation and pairing
  precision: z.enum(['float32', 'bfloat16']).default('float32'),
  execution: z.enum(['graph', 'eager']).default('graph'),
  evaluation: evaluationSpec.default(evaluationSpec.parse({})),
  limits: limits.default(limits.parse({})),
})
/** A spec as a user may write it: every field is optional. */
export type TrainingSpecInput = z.input<typeof trainingSpec>
/** A spec as it is run: every field is present. */
export type TrainingSpec = z.output<typeof trainingSpec>

export const trainRequest = z.strictObject({
  versionId,
  name: givenName().optional(),
  spec: trainingSpec.default(trainingSpec.parse({})),
})
