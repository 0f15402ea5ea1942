/**
 * The steps that change training images, each with its defaults, units and reasons. Unknown keys are refused. A user
 * writes a step as its name, or as an object with `op` and the settings that differ from the defaults.
 * docs/augmentation.md has the sources.
 */
import { z } from 'zod'

const fraction = z.number().min(0).max(1)
const byte = z.int().min(0).max(255)
const border = z.enum(['zero', 'reflect']) // the surroundings of a picture: black, or the picture mirrored at its edge

export const augmentOperation = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('crop'), // cuts the picture's own size out of the padded picture, at a random place
    // Pixels on each side; null means an eighth of the shorter side.
    padding: z.int().min(0).max(32).nullable().default(null),
    border: border.default('zero'),
  }),
  z.strictObject({
    op: z.literal('flip'), // left to right
    probability: fraction.default(0.5),
  }),
  z.strictObject({
    // Moves by a whole number of pixels along each axis; both recipes of the Pi-model use it.
    op: z.literal('translate'),
    pixels: z.int().min(0).max(32).default(2), // largest shift
    border: border.default('reflect'),
  }),
  z.strictObject({
    op: z.literal('autoaugment'), // one of 25 pairs of operations (Cubuk et al. 2019)
    policy: z.enum(['cifar10']).default('cifar10'), // CIFAR-100 uses it too
  }),
  z.strictObject({
    op: z.literal('randaugment'), // (Cubuk et al. 2020)
    operations: z.int().min(1).max(10).default(3), // number per image, each drawn from 14
    // Strength of all operations; 10 reaches the ends of AutoAugment's ranges. 3 and 5 are TorchSSL's.
    magnitude: z.number().min(0).max(30).default(5),
  }),
  z.strictObject({
    op: z.literal('jitter'), // brightness, contrast, saturation and hue, in random order
    brightness: z.number().min(0).max(1).default(0.4), // the factor lies in 1 - x .. 1 + x
    contrast: z.number().min(0).max(1).default(0.4),
    saturation: z.number().min(0).max(1).default(0.4),
    hue: z.number().min(0).max(0.5).default(0.1), // turns of the colour circle, each way
  }),
  z.strictObject({
    op: z.literal('noise'), // adds Gaussian noise to each value
    // Share of the range 0..255; equals 0.15 of CIFAR-10's deviation, as in Laine and Aila's network.
    sigma: z.number().gt(0).max(1).default(0.04),
  }),
  z.strictObject({
    op: z.literal('cutout'), // fills a square at any place, which may lie partly outside (DeVries and Taylor 2017)
    // Pixels; null means half of the shorter side, 16 for CIFAR-10.
    size: z.int().min(1).max(256).nullable().default(null),
    fill: byte.default(0), // 0..255
  }),
  z.strictObject({
    op: z.literal('erase'), // fills a rectangle inside the picture (Zhong et al. 2020, "Random erasing")
    probability: fraction.default(0.5),
    smallest: fraction.default(0.02), // share of the picture's area
    largest: fraction.default(0.4),
    aspect: z.number().gt(0).max(1).default(0.3), // the ratio of height to width lies in aspect .. 1 / aspect
    fill: z.union([z.literal('noise'), byte]).default('noise'), // uniform noise, or 0..255
  }),
  z.strictObject({
    op: z.literal('augmix'), // Hendrycks et al. 2020; it must be the last step of a chain
    severity: z.number().min(0.1).max(10).default(3), // largest level that is drawn
    width: z.int().min(1).max(10).default(3), // number of chains that are mixed
    depth: z.int().min(1).max(10).nullable().default(null), // operations in a chain; null draws 1 to 3
    // Parameter of the Dirichlet and Beta distributions that the weights come from.
    alpha: z.number().gt(0).max(100).default(1),
    // 'all' adds four that resemble the evaluation's corruptions.
    operations: z.enum(['standard', 'all']).default('standard'),
    // Weight of the Jensen-Shannon loss over the image and two copies. With 0, one copy takes the image's place.
    jsd: z.number().min(0).max(100).default(12),
  }),
])

/** Each name stands for its step with the defaults. */
export const augmentName = z.enum(augmentOperation.options.map(({ shape }) => shape.op.value))
const augmentStep = z.union([augmentName.transform((op) => ({ op })).pipe(augmentOperation), augmentOperation])
export type AugmentOperation = z.output<typeof augmentOperation>

/** The steps change each image on its own, in this order, before anything is mixed or stacked. */
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
    op: z.literal('mixup'), // mixes the pixels and labels of two images (Zhang et al. 2018)
    alpha: z.number().gt(0).max(100).default(1), // the share comes from Beta(alpha, alpha), one draw per mini-batch
    probability: fraction.default(1), // share of mini-batches that are mixed
  }),
  z.strictObject({
    // Puts a rectangle of one image into another and mixes the labels by area (Yun et al. 2019).
    op: z.literal('cutmix'),
    alpha: z.number().gt(0).max(100).default(1),
    probability: fraction.default(0.5), // the authors' value for CIFAR; they use 1 for ImageNet
  }),
])
export const mixName = z.enum(mixOperation.options.map(({ shape }) => shape.op.value))
/**
 * Two images become one, and their labels mix in proportion. A permutation of the mini-batch gives each image its
 * partner.
 */
export const mix = z.union([mixName.transform((op) => ({ op })).pipe(mixOperation), mixOperation])
export type Mix = z.output<typeof mix>

/** The weight of AugMix's Jensen-Shannon loss; 0 if the chain has no such loss. */
export function jsdOf(chain: AugmentChain): number {
  const last = chain.at(-1)
  return last?.op === 'augmix' ? last.jsd : 0
}

/** How many versions of an image go through the network in a step: three with AugMix's loss, else one. */
export const viewsOf = (chain: AugmentChain): 1 | 3 => (jsdOf(chain) > 0 ? 3 : 1)
