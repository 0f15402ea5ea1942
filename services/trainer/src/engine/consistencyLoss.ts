import { tf } from '../tf.js'
import { detached } from './detached.js'
import type { LossTerm } from './trainingStep.js'
import type { TrainingPass } from './trainingPass.js'

export interface ConsistencyLossOptions {
  pass: TrainingPass
  /** Answers the second view: the same network (Pi-model), or the teacher. */
  target: TrainingPass
  /** Whether gradients flow through the second view too. */
  attached: boolean
  /** Of each view as it enters the network: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
}

/**
 * Mean squared difference, over inputs and classes, of the probabilities for two views of unlabelled images (Laine and Aila 2017; Tarvainen
 * and Valpola 2017). Both passes normalise by their own batch and leave the moving statistics alone.
 */
export function consistencyLoss({ pass, target, attached, shape }: ConsistencyLossOptions): LossTerm {
  return {
    name: 'unlabelled',
    weight: 'unlabelledWeight',
    inputs: { view1: { shape, dtype: 'uint8' }, view2: { shape, dtype: 'uint8' } },
    value({ view1, view2 }) {
      const answer = tf.softmax(pass(view1!, 'frozen'))
      const second = () => tf.softmax(target(view2!, 'frozen'))
      return tf.mean(tf.square(tf.sub(answer, attached ? second() : detached(second)))).asScalar()
    },
  }
}
