import { tf, type Tensor } from '../../engine/tf.js'

/** What `compute` gives, as a constant: no gradient flows into it, and no pass backwards is made for it. */
export function detached<T extends Tensor>(compute: () => T): T {
  // What runs inside an operation of its own is not written on the tape; an operation without inputs leads nowhere back.
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))()
}
