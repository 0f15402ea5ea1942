import { tf, type Scalar, type Tensor, type Tensor2D } from '../../engine/tf.js'
import { jensenShannon } from './jensenShannon.js'
import { softmaxCrossEntropy, weightedCrossEntropy } from '../../engine/kernels/softmaxCrossEntropy.js'
import type { LossTerm } from '../trainingStep.js'
import type { TrainingPass } from '../trainingPass.js'

type ImageShape = readonly [number, number, number, number]

export interface SupervisedLossOptions {
  pass: TrainingPass
  /** Of the images as they enter the network, stacked or not: `[n, h, w, 3]`; with `jsd` n counts all three views. */
  shape: ImageShape
  /** Others of as many images that the step may be run with. */
  otherShapes?: readonly ImageShape[]
  classes: number
  /**
   * Rows of `labels` do not sum to 1 but to a weight of their input: its cross-entropy is -sum_c labels_c log p_c all
   * the same, what PyTorch's `cross_entropy(weight=)` is for soft labels. @default false
   */
  weighted?: boolean
  /**
   * Weight of the Jensen-Shannon loss over three views of each image (AugMix), which follow each other in the batch; 0:
   * one view.
   */
  jsd?: number
}

/**
 * Mean cross-entropy of `images` (uint8 `[n, h, w, 3]`) with `labels` (float32 `[n, classes]`, soft, rows summing to
 * 1). With `jsd` there are labels for the first third of the images only, the images themselves, and the Jensen-Shannon
 * loss over all three views is added.
 */
export function supervisedLoss(options: SupervisedLossOptions): LossTerm {
  const crossEntropy = crossEntropyOf(options)
  return {
    name: 'supervised',
    inputs: supervisedInputs(options),
    otherInputs: (options.otherShapes ?? []).map((shape) => supervisedInputs({ ...options, shape })),
    value: ({ images, labels }) => crossEntropy(labels!, options.pass(images!)),
  }
}

/** What the term needs of a step. */
export const supervisedInputs = ({ shape, classes, jsd = 0 }: SupervisedLossOptions): LossTerm['inputs'] => ({
  images: { shape, dtype: 'uint8' },
  labels: { shape: [labelledRows(shape, jsd), classes], dtype: 'float32' },
})

/** The loss from the logits of all `images`. */
export function crossEntropyOf({
  shape,
  weighted = false,
  jsd = 0,
}: SupervisedLossOptions): (labels: Tensor, logits: Tensor2D) => Scalar {
  const crossEntropy = weighted ? weightedCrossEntropy : softmaxCrossEntropy
  return (labels, logits) => {
    const entropy = tf
      .mean(crossEntropy(labels as Tensor2D, jsd > 0 ? tf.slice(logits, 0, labelledRows(shape, jsd)) : logits))
      .asScalar()
    return jsd > 0 ? tf.add(entropy, tf.mul(jsd, jensenShannon(logits, 3))).asScalar() : entropy
  }
}

const labelledRows = ([images]: SupervisedLossOptions['shape'], jsd: number) => (jsd > 0 ? images / 3 : images)
