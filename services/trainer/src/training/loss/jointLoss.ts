import { tf, type Tensor4D } from '../../engine/tf.js'
import { consistencyInputs, consistencyOf } from './consistencyLoss.js'
import type { ConsistencyLossOptions } from './consistencyLoss.js'
import { crossEntropyOf, supervisedInputs } from './supervisedLoss.js'
import type { SupervisedLossOptions } from './supervisedLoss.js'
import type { LossTerm } from '../trainingStep.js'

export interface JointLossOptions {
  /** `shape` of the labelled inputs. */
  supervised: SupervisedLossOptions
  /** `shape` of each view, and others. Height and width are those of the labelled inputs. */
  consistency: ConsistencyLossOptions
}

/**
 * Cross-entropy and weighted consistency by one pass over labelled inputs and first views together (Laine and Aila
 * 2017): one batch, normalised together, that moves the statistics. Second views have a batch of their own, which does
 * not.
 */
export function jointLoss({ supervised, consistency }: JointLossOptions): LossTerm {
  const { pass } = consistency
  const crossEntropy = crossEntropyOf(supervised)
  const consistent = consistencyOf(consistency)
  const [labelled] = supervised.shape
  return {
    name: 'joint',
    inputs: { ...supervisedInputs(supervised), ...consistencyInputs(consistency) },
    otherInputs: (supervised.otherShapes ?? []).map((shape, i) => ({
      ...supervisedInputs({ ...supervised, shape }),
      ...consistencyInputs({ shape: consistency.otherShapes![i]! }),
    })),
    value(inputs, note) {
      const logits = pass(tf.concat([inputs.images as Tensor4D, inputs.view1 as Tensor4D]))
      const entropy = crossEntropy(inputs.labels!, tf.slice(logits, 0, labelled))
      const term = consistent(tf.slice(logits, labelled), inputs.view2!)
      note('supervised', entropy)
      note('unlabelled', term)
      return tf.add(entropy, tf.mul(term, inputs.unlabelledWeight!)).asScalar()
    },
  }
}
