import { tf, type Tensor, type Variable } from '../../engine/tf.js'

export interface SgdOptions {
  /** In [0, 1). */
  momentum: number
  nesterov: boolean
  /** L2: `weightDecay * w` is added to the gradient. */
  weightDecay: number
}

export interface SgdUpdate {
  weight: Variable
  velocity: Variable
  gradient: Tensor
  /** Scalar. */
  learningRate: Tensor
}

/**
 * One step of stochastic gradient descent as PyTorch defines it (torch.optim.SGD, dampening 0): g += decay * w; v =
 * momentum * v + g; w -= rate * (nesterov ? g + momentum * v : v). The rate multiplies the velocity, it is not part of
 * it.
 */
export function applySgd(
  { weight, velocity, gradient, learningRate }: SgdUpdate,
  { momentum, nesterov, weightDecay }: SgdOptions,
): void {
  tf.tidy(() => {
    const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay))
    const moved = momentum === 0 ? decayed : tf.add(tf.mul(velocity, momentum), decayed)
    const direction = nesterov && momentum !== 0 ? tf.add(decayed, tf.mul(moved, momentum)) : moved
    velocity.assign(moved)
    weight.assign(tf.sub(weight, tf.mul(direction, learningRate)) as Variable)
  })
}
