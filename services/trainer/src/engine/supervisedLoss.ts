import { tf, type Tensor2D } from '../tf.js'
import { softmaxCrossEntropy } from './kernels/softmaxCrossEntropy.js'
import type { LossTerm } from './trainingStep.js'
import type { TrainingPass } from './trainingPass.js'

export interface SupervisedLossOptions {
  pass: TrainingPass
  /** Of the images as they enter the network, stacked or not: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
  classes: number
}

/** Mean cross-entropy of `images` (uint8 `[n, h, w, 3]`) with `labels` (float32 `[n, classes]`, soft, rows summing to 1). */
export function supervisedLoss({ pass, shape, classes }: SupervisedLossOptions): LossTerm {
  return {
    name: 'supervised',
    inputs: { images: { shape, dtype: 'uint8' }, labels: { shape: [shape[0], classes], dtype: 'float32' } },
    value: ({ images, labels }) => tf.mean(softmaxCrossEntropy(labels as Tensor2D, pass(images!))).asScalar(),
  }
}
