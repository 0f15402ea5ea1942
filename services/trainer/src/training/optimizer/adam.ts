import type { TrainingSpec } from '@imclr/contract'
import { tf, type Tensor, type Variable } from '../../engine/tf.js'

export type AdamOptions = Extract<TrainingSpec['optimizer'], { kind: 'adam' | 'adamw' }>

/** Scalars of a step that depend on nothing but its number. */
export interface AdamScalars {
  learningRate: number
  /** In [0, 1). */
  beta1: number
  /**
   * 1 - beta1^t and 1 - beta2^t, t the number of steps with this one: both means begin at zero, and so too small by
   * these.
   */
  correction1: number
  correction2: number
}

/**
 * With `beta1` that moves towards its end as `down` goes from one to zero (Laine and Aila 2017). As in PyTorch the
 * correction takes the present one for all.
 */
export function adamScalars(
  { beta1: first, beta1End, beta2 }: AdamOptions,
  { step, down }: { step: number; down: number },
): Omit<AdamScalars, 'learningRate'> {
  const beta1 = beta1End === null ? first : down * first + (1 - down) * beta1End
  return { beta1, correction1: 1 - beta1 ** (step + 1), correction2: 1 - beta2 ** (step + 1) }
}

export interface AdamUpdate {
  weight: Variable
  /** Of gradients, and of squared gradients. */
  mean: Variable
  square: Variable
  gradient: Tensor
  scalars: Record<keyof AdamScalars, Tensor>
}

/**
 * One step of Adam as PyTorch defines it: m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * w -= rate * m / correction1 / (sqrt(v / correction2) + epsilon). Weight decay is added to g (torch.optim.Adam), or,
 * decoupled, taken from the weight as rate * decay * w (torch.optim.AdamW; Loshchilov and Hutter 2019).
 */
export function applyAdam(
  { weight, mean, square, gradient, scalars }: AdamUpdate,
  { kind, beta2, epsilon, weightDecay }: AdamOptions & { weightDecay: number },
): void {
  tf.tidy(() => {
    const { learningRate, beta1, correction1, correction2 } = scalars
    const g = weightDecay > 0 && kind === 'adam' ? tf.add(gradient, tf.mul(weight, weightDecay)) : gradient
    mean.assign(tf.add(mean, tf.mul(tf.sub(g, mean), tf.sub(1, beta1))) as Variable)
    square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(g), 1 - beta2)) as Variable)
    const scale = tf.add(tf.sqrt(tf.div(square, correction2)), epsilon)
    const change = tf.div(tf.mul(mean, tf.div(learningRate, correction1)), scale)
    const kept =
      weightDecay > 0 && kind === 'adamw' ? tf.mul(weight, tf.sub(1, tf.mul(learningRate, weightDecay))) : weight
    weight.assign(tf.sub(kept, change) as Variable)
  })
}
