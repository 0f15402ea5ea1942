import { tf, type Tensor } from '../../engine/tf.js'

/**
 * Gradients whose common norm is at most `limit`: where it is larger, all are shortened by one factor (Pascanu et al.
 * 2013), as torch.nn.utils.clip_grad_norm_ does it.
 */
export function clipGradients(gradients: readonly Tensor[], limit: number): Tensor[] {
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))
  const factor = tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)))
  return gradients.map((gradient) => tf.mul(gradient, factor))
}
