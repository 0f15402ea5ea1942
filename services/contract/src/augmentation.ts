/**
 * What is done to training images, step by step, each with its defaults, units and reasons. Unknown keys are refused.
 * A step is written as its name, or as an object with `op` and what differs from the defaults; method.md section 4 has the sources.
 */
import { z } from 'zod'

const fraction = z.number().min(0).max(1)
const byte = z.int().min(0).max(255)
const border = z.enum(['zero', 'reflect']) // what lies outside of a picture: black, or the picture mirrored at its edge

export const augmentOperation = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('crop'), // the picture's own size, at a random place of the padded picture
    padding: z.int().min(0).max(32).nullable().default(null), // pixels on each side; null: an eighth of the shorter side
    border: border.default('zero'),
  }),
  z.strictObject({
    op: z.literal('flip'), // left to right
    probability: fraction.default(0.5),
  }),
  z.strictObject({
    op: z.literal('translate'), // by a whole number of pixels each way; the two recipes of the Pi-model
    pixels: z.int().min(0).max(32).default(2), // at most
    border: border.default('reflect'),
  }),
  z.strictObject({
    op: z.literal('autoaugment'), // one of 25 pairs of operations (Cubuk et al. 2019)
    policy: z.enum(['cifar10']).default('cifar10'), // used for CIFAR-100 as well
  }),
  z.strictObject({
    op: z.literal('randaugment'), // (Cubuk et al. 2020)
    operations: z.int().min(1).max(10).default(3), // per image, each one of 14
    magnitude: z.number().min(0).max(30).default(5), // of all; 10: the ends of AutoAugment's ranges. 3 and 5 are TorchSSL's
  }),
  z.strictObject({
    op: z.literal('jitter'), // brightness, contrast, saturation and hue, in random order
    brightness: z.number().min(0).max(1).default(0.4), // factor in 1 - x .. 1 + x
    contrast: z.number().min(0).max(1).default(0.4),
    saturation: z.number().min(0).max(1).default(0.4),
    hue: z.number().min(0).max(0.5).default(0.1), // turns of the colour circle, each way
  }),
  z.strictObject({
    op: z.literal('noise'), // Gaussian, of each value
    sigma: z.number().gt(0).max(1).default(0.04), // of the range 0..255; 0.15 of CIFAR-10's deviation, as in Laine and Aila's network
  }),
  z.strictObject({
    op: z.literal('cutout'), // a square anywhere, partly outside by chance (DeVries and Taylor 2017)
    size: z.int().min(1).max(256).nullable().default(null), // pixels; null: half of the shorter side, 16 for CIFAR-10
    fill: byte.default(0), // 0..255
  }),
  z.strictObject({
    op: z.literal('erase'), // a rectangle inside (Zhong et al. 2020, "Random erasing")
    probability: fraction.default(0.5),
    smallest: fraction.default(0.02), // share of the picture's area
    largest: fraction.default(0.4),
    aspect: z.number().gt(0).max(1).default(0.3), // height to width in aspect .. 1 / aspect
    fill: z.union([z.literal('noise'), byte]).default('noise'), // uniform noise, or 0..255
  }),
  z.strictObject({
    op: z.literal('augmix'), // (Hendrycks et al. 2020); the last step of a chain
    severity: z.number().min(0.1).max(10).default(3), // levels are drawn up to it
    width: z.int().min(1).max(10).default(3), // chains that are mixed
    depth: z.int().min(1).max(10).nullable().default(null), // operations of a chain; null: 1 to 3, drawn
    alpha: z.number().gt(0).max(100).default(1), // of the Dirichlet and Beta distributions of the weights
    operations: z.enum(['standard', 'all']).default('standard'), // all: with four that resemble the corruptions of the evaluation
    jsd: z.number().min(0).max(100).default(12), // weight of the Jensen-Shannon loss over the image and two copies; 0: one copy takes the image's place
  }),
])

/** The names that stand for a step with its defaults. */
export const augmentName = z.enum(augmentOperation.options.map(({ shape }) => shape.op.value))
const augmentStep = z.union([augmentName.transform((op) => ({ op })).pipe(augmentOperation), augmentOperation])
export type AugmentOperation = z.output<typeof augmentOperation>

/** Done in this order to each image on its own, before anything is mixed or stacked. */
export const augmentChain = z
  .array(augmentStep)
  .max(16)
  .superRefine((chain, context) => {
    const at = chain.findIndex(({ op }) => op === 'augmix')
    if (at >= 0 && at < chain.length - 1)
      context.addIssue({ code: 'custom', path: [at], message: 'augmix must be the last step of the chain, once' })
    chain.forEach((step, i) => {
      if (step.op === 'erase' && step.smallest > step.largest)
        context.addIssue({ code: 'custom', path: [i, 'smallest'], message: 'smallest must not be above largest' })
    })
  })
export type AugmentChain = z.output<typeof augmentChain>

export const mixOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('none') }),
  z.strictObject({
    op: z.literal('mixup'), // pixels and labels of two images (Zhang et al. 2018)
    alpha: z.number().gt(0).max(100).default(1), // shares from Beta(alpha, alpha), one draw for a mini-batch
    probability: fraction.default(1), // share of mini-batches that are mixed
  }),
  z.strictObject({
    op: z.literal('cutmix'), // a rectangle of one image in another, labels by area (Yun et al. 2019)
    alpha: z.number().gt(0).max(100).default(1),
    probability: fraction.default(0.5), // the authors' for CIFAR; 1 for ImageNet
  }),
])
export const mixName = z.enum(mixOperation.options.map(({ shape }) => shape.op.value))
/** Two images become one, with the label in proportion; the partner is from a permutation of the mini-batch. */
export const mix = z.union([mixName.transform((op) => ({ op })).pipe(mixOperation), mixOperation])
export type Mix = z.output<typeof mix>

/** The weight of AugMix's Jensen-Shannon loss; 0 where there is none. */
export function jsdOf(chain: AugmentChain): number {
  const last = chain.at(-1)
  return last?.op === 'augmix' ? last.jsd : 0
}

/** How many copies of an image go through the network in a step: three with AugMix's loss, else one. */
export const viewsOf = (chain: AugmentChain): 1 | 3 => (jsdOf(chain) > 0 ? 3 : 1)
