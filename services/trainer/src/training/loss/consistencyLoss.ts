import { tf, type Scalar, type Tensor2D } from '../../engine/tf.js'
import { detached } from './detached.js'
import type { LossTerm } from '../trainingStep.js'
import type { TrainingPass } from '../trainingPass.js'
import { weightInput } from './weightInput.js'

export interface ConsistencyLossOptions {
  pass: TrainingPass
  /** Answers the second view: the same network (Pi-model), or the teacher. */
  target: TrainingPass
  /** Whether gradients flow through the second view too. */
  attached: boolean
  /** Of each view as it enters the network: `[n, h, w, 3]`. */
  shape: ViewShape
  /**
   * Others that the step may be run with, in the order of those of the labelled inputs; none: this one whatever they
   * are.
   */
  otherShapes?: readonly ViewShape[]
}

type ViewShape = readonly [number, number, number, number]

/**
 * Mean squared difference, over inputs and classes, of the probabilities for two views of unlabelled images (Laine and
 * Aila 2017; Tarvainen and Valpola 2017), times its weight. Both passes normalise by their own batch and leave the
 * moving statistics alone.
 */
export function consistencyLoss(options: ConsistencyLossOptions): LossTerm {
  const { pass, otherShapes = [] } = options
  const consistency = consistencyOf(options)
  return {
    name: 'weighted',
    inputs: consistencyInputs(options),
    otherInputs: otherShapes.map((shape) => consistencyInputs({ shape })),
    value(inputs, note) {
      const term = consistency(pass(inputs.view1!, 'frozen'), inputs.view2!)
      note('unlabelled', term)
      return tf.mul(term, inputs.unlabelledWeight!).asScalar()
    },
  }
}

/** What the term needs of a step. */
export const consistencyInputs = ({ shape }: Pick<ConsistencyLossOptions, 'shape'>): LossTerm['inputs'] => ({
  view1: { shape, dtype: 'uint8' },
  view2: { shape, dtype: 'uint8' },
  ...weightInput,
})

/** The term before its weight, from the logits of the first view `[n, classes]` and the pixels of the second. */
export function consistencyOf({
  target,
  attached,
}: Pick<ConsistencyLossOptions, 'target' | 'attached'>): (
  first: Tensor2D,
  view2: Parameters<TrainingPass>[0],
) => Scalar {
  return (first, view2) => {
    const second = () => tf.softmax(target(view2, 'frozen'))
    return tf.mean(tf.square(tf.sub(tf.softmax(first), attached ? second() : detached(second)))).asScalar()
  }
}
