import { tf, type Tensor } from '../../engine/tf.js'

/** The result of `compute` as a constant: no gradient flows into it, and it needs no backward pass. */
export function detached<T extends Tensor>(compute: () => T): T {
  // TensorFlow.js does not put the inside of a custom operation on its tape, and an operation without inputs has no
  // gradient to pass on.
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))()
}
