import { tf, type Tensor2D } from '../tf.js'
import { detached } from './detached.js'
import { softmaxCrossEntropy } from './kernels/softmaxCrossEntropy.js'
import type { LossTerm } from './trainingStep.js'
import type { TrainingPass } from './trainingPass.js'

export interface PseudoLabelLossOptions {
  pass: TrainingPass
  /** Of the likeliest class's probability. */
  threshold: number
  /** Of the images as they enter the network: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
  classes: number
}

/**
 * Cross-entropy of unlabelled images with the class that the network itself finds likeliest, where its probability is at least `threshold`
 * (Lee 2013). The mean is over all images: those below count as zero (Oliver et al. 2018). Moving statistics are left alone.
 */
export function pseudoLabelLoss({ pass, threshold, shape, classes }: PseudoLabelLossOptions): LossTerm {
  return {
    name: 'unlabelled',
    weight: 'unlabelledWeight',
    inputs: { view1: { shape, dtype: 'uint8' } },
    value({ view1 }, note) {
      const logits = pass(view1!, 'frozen')
      const probabilities = detached(() => tf.softmax(logits))
      const labels = tf.cast(tf.oneHot(tf.argMax(probabilities, 1), classes), 'float32') as Tensor2D
      const counts = tf.cast(tf.greaterEqual(tf.max(probabilities, 1), threshold), 'float32')
      note('counted', tf.mean(counts).asScalar())
      return tf.mean(tf.mul(softmaxCrossEntropy(labels, logits), counts)).asScalar()
    },
  }
}
