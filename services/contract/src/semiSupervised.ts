/** Learning from images without labels, beside those with. method.md has the forms; the defaults are those of google-research/fixmatch unless said. */
import { z } from 'zod'

/** Where images without labels come from; labels that they have all the same are never read. */
export const unlabelledSources = ['unlabelled', 'left-over', 'labelled'] as const
export type UnlabelledSource = (typeof unlabelledSources)[number]

const common = {
  /** The data set's own unlabelled part; training images that the label budget leaves; those that are trained on with labels, again. Sources without images count for nothing. */
  from: z
    .array(z.enum(unlabelledSources))
    .min(1)
    .max(3)
    .refine((all) => new Set(all).size === all.length, 'Name each once')
    .default(['unlabelled']),
  ratio: z.int().min(1).max(16).default(1), // unlabelled inputs per labelled one in a step
  /** Of the weight, from zero; null: the whole weight at once. Laine and Aila: `{ fraction: 0.267, shape: 'gaussian' }`, 80 of 300 epochs. */
  rampUp: z
    .strictObject({
      fraction: z.number().gt(0).max(1).default(0.4), // of all steps
      shape: z.enum(['linear', 'gaussian']).default('linear'), // gaussian: exp(-5 (1 - t)^2)
    })
    .nullable()
    .default({ fraction: 0.4, shape: 'linear' }),
}
const weight = (usual: number) => z.number().gt(0).max(10_000).default(usual) // of the term in the loss; the mean cross-entropy of the labelled inputs has one
/** ImCLR of what has no labels: two views of one ordered pair. False: single images. Ignored by `mode: 'baseline'`. */
const stackUnlabelled = z.boolean().default(true)

export const semiSupervised = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('pi-model'), // two augmentations of an image are to be answered alike
    weight: weight(10),
    target: z.enum(['detached', 'attached']).default('detached'), // whether the second view is a fixed target, or has gradients too (Laine and Aila)
    batch: z.enum(['apart', 'joint']).default('apart'), // joint: labelled inputs and first views are one batch, normalised together, and move the statistics together (Laine and Aila)
    stackUnlabelled,
    ...common,
  }),
  z.strictObject({
    method: z.literal('mean-teacher'), // one augmentation is to be answered as the averaged weights (`emaDecay`) answer another
    weight: weight(50), // Oliver et al.: 8
    stackUnlabelled,
    ...common,
  }),
  z.strictObject({
    method: z.literal('pseudo-label'), // the likeliest class is the label where it is likely enough; of single images, since a pair of two classes has no likeliest one
    weight: weight(1),
    threshold: z.number().gt(0).lt(1).default(0.95), // of its probability (Oliver et al. too)
    ...common,
  }),
])
export type SemiSupervised = z.output<typeof semiSupervised>
