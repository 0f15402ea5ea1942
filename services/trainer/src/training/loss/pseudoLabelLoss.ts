import { tf, type Tensor2D } from '../../engine/tf.js'
import { detached } from './detached.js'
import { softmaxCrossEntropy } from '../../engine/kernels/softmaxCrossEntropy.js'
import type { LossTerm } from '../trainingStep.js'
import type { TrainingPass } from '../trainingPass.js'
import { weightInput } from './weightInput.js'

export interface PseudoLabelLossOptions {
  pass: TrainingPass
  /** The least probability of the likeliest class for which an image counts. */
  threshold: number
  /** Of the images as they enter the network: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
  classes: number
}

/**
 * Cross-entropy of unlabelled images with the class that the network itself finds likeliest, where its probability is
 * at least `threshold` (Lee 2013), times its weight. The mean is over all images: those below count as zero (Oliver et
 * al. 2018). Moving statistics are left alone.
 */
export function pseudoLabelLoss({ pass, threshold, shape, classes }: PseudoLabelLossOptions): LossTerm {
  return {
    name: 'weighted',
    inputs: { view1: { shape, dtype: 'uint8' }, ...weightInput },
    value(inputs, note) {
      const logits = pass(inputs.view1!, 'frozen')
      const probabilities = detached(() => tf.softmax(logits))
      const labels = tf.cast(tf.oneHot(tf.argMax(probabilities, 1), classes), 'float32') as Tensor2D
      const counts = tf.cast(tf.greaterEqual(tf.max(probabilities, 1), threshold), 'float32')
      const term = tf.mean(tf.mul(softmaxCrossEntropy(labels, logits), counts)).asScalar()
      note('counted', tf.mean(counts).asScalar())
      note('unlabelled', term)
      return tf.mul(term, inputs.unlabelledWeight!).asScalar()
    },
  }
}
