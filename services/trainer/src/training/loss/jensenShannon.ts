import { tf, type Scalar, type Tensor2D } from '../../engine/tf.js'

/**
 * Mean over images of the Jensen-Shannon divergence between the predictions for several views of one image, in nats:
 * the mean Kullback-Leibler divergence of each to their mean (Hendrycks et al. 2020, "AugMix", equation 3; the mean is
 * kept above 1e-7 as there).
 *
 * @param logits `[views * n, classes]`, one view after the other
 */
export function jensenShannon(logits: Tensor2D, views: number): Scalar {
  const [rows, classes] = logits.shape
  const logP = tf.reshape(tf.logSoftmax(logits), [views, rows / views, classes])
  const p = tf.exp(logP)
  const logMean = tf.log(tf.clipByValue(tf.mean(p, 0, true), 1e-7, 1))
  return tf.div(tf.sum(tf.mul(p, tf.sub(logP, logMean))), rows).asScalar()
}
