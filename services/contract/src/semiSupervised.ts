/**
 * Learning from unlabelled images beside labelled ones. method.md has the formulae. The defaults are those of
 * google-research/fixmatch unless a comment names another source.
 */
import { z } from 'zod'

/** The sources of unlabelled images. If such images have labels, nothing reads them. */
export const unlabelledSources = ['unlabelled', 'left-over', 'labelled'] as const
export type UnlabelledSource = (typeof unlabelledSources)[number]

const common = {
  /**
   * 'unlabelled': the data set's own unlabelled part. 'left-over': training images outside the label budget.
   * 'labelled': the labelled training images once more, without their labels. A source without images is ignored.
   */
  from: z
    .array(z.enum(unlabelledSources))
    .min(1)
    .max(3)
    .refine((all) => new Set(all).size === all.length, 'Name each once')
    .default(['unlabelled']),
  ratio: z.int().min(1).max(16).default(1), // unlabelled inputs per labelled input in a step
  /**
   * How the weight rises from zero. Null gives the full weight at once. Laine and Aila use
   * `{ fraction: 0.267, shape: 'gaussian' }`, 80 of 300 epochs.
   */
  rampUp: z
    .strictObject({
      fraction: z.number().gt(0).max(1).default(0.4), // share of all steps
      shape: z.enum(['linear', 'gaussian']).default('linear'), // gaussian: exp(-5 (1 - t)^2)
    })
    .nullable()
    .default({ fraction: 0.4, shape: 'linear' }),
}
/** Weight of the unlabelled term in the loss. The mean cross-entropy of the labelled inputs has weight one. */
const weight = (usual: number) => z.number().gt(0).max(10_000).default(usual)
/**
 * True applies ImCLR to unlabelled images: two views of one ordered pair. False uses single images. `mode: 'baseline'`
 * ignores it.
 */
const stackUnlabelled = z.boolean().default(true)

export const semiSupervised = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('pi-model'), // the model should answer two augmentations of an image alike
    weight: weight(10),
    // Whether the second view is a fixed target, or has gradients too (Laine and Aila).
    target: z.enum(['detached', 'attached']).default('detached'),
    // 'joint': labelled inputs and first views form one batch; they are normalised together and update the statistics
    // together (Laine and Aila).
    batch: z.enum(['apart', 'joint']).default('apart'),
    stackUnlabelled,
    ...common,
  }),
  z.strictObject({
    // The model should answer one augmentation as the averaged weights (`emaDecay`) answer another.
    method: z.literal('mean-teacher'),
    weight: weight(50), // Oliver et al. use 8
    stackUnlabelled,
    ...common,
  }),
  z.strictObject({
    // The likeliest class becomes the label if it is likely enough. This works on single images, since a pair of two
    // classes has no likeliest one.
    method: z.literal('pseudo-label'),
    weight: weight(1),
    threshold: z.number().gt(0).lt(1).default(0.95), // smallest probability of that class (as in Oliver et al.)
    ...common,
  }),
])
export type SemiSupervised = z.output<typeof semiSupervised>
