import { applyInTraining, type Statistics } from '../networks/batchNormalizationLayer.js'
import { tf, type LayersModel, type Tensor, type Tensor2D } from '../engine/tf.js'

export interface TrainingPassOptions {
  /** From normalised images to logits. */
  model: LayersModel
  /** Per channel, in 0..255. */
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
}

/** Pixels 0..255 `[n, h, w, 3]` to logits `[n, classes]`, as in training: by the statistics of the batch. */
export type TrainingPass = (pixels: Tensor, statistics?: Statistics) => Tensor2D

/** What every loss term sees of the network. */
export const trainingPass =
  ({ model, mean, std }: TrainingPassOptions): TrainingPass =>
  (pixels, statistics = 'moved') => {
    const normalised = tf.div(tf.sub(pixels, tf.tensor1d([...mean])), tf.tensor1d([...std]))
    return applyInTraining(model, normalised, statistics) as Tensor2D
  }
