import { batchNormalization } from '../engine/kernels/batchNormalization.js'
import { tf, type Layer, type LayersModel, type Tensor, type Tensor1D, type Tensor4D } from '../engine/tf.js'

/** What the standard layer keeps and its type declarations hide. */
interface Internals {
  momentum: number
  epsilon: number
  gamma: { read(): Tensor1D }
  beta: { read(): Tensor1D }
  movingMean: { read(): Tensor1D; write(value: Tensor1D): void }
  movingVariance: { read(): Tensor1D; write(value: Tensor1D): void }
}

type Arguments = Parameters<typeof tf.layers.batchNormalization>[0]
const Standard = Object.getPrototypeOf(tf.layers.batchNormalization()).constructor as new (args: Arguments) => Layer

// PyTorch's defaults, on which the published recipes rest; tfjs' own are 0.99 and 1e-3.
const usual = { momentum: 0.9, epsilon: 1e-5 }

/**
 * Whether a pass in training updates the moving averages of mean and variance. It normalises by its own batch either
 * way.
 */
export type Statistics = 'moved' | 'frozen'

/**
 * A pass in training. With frozen statistics a batch of another kind (unlabelled images, say) leaves no trace in what
 * inference normalises by.
 */
export const applyInTraining = (model: LayersModel, x: Tensor, statistics: Statistics): Tensor =>
  model.apply(x, { training: true, statistics }) as Tensor

/**
 * The standard batch normalisation with its training path through one fused op. A layer that is not to be trained
 * normalises by its moving statistics in training too, and leaves them as they are. It inherits the standard class
 * name, so a saved model says `BatchNormalization` and opens in any TensorFlow.js.
 */
class FusedBatchNormalization extends Standard {
  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean; statistics?: Statistics }): Tensor | Tensor[] {
    if (!kwargs?.training || !this.trainable) return super.call(inputs, { ...kwargs, training: false })
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D
      const weights = this as unknown as Internals
      const result = batchNormalization({
        x,
        gamma: weights.gamma.read(),
        beta: weights.beta.read(),
        movingMean: weights.movingMean.read(),
        movingVariance: weights.movingVariance.read(),
        epsilon: weights.epsilon,
        momentum: weights.momentum,
      })
      if (kwargs.statistics === 'frozen') return result.y
      weights.movingMean.write(result.movingMean)
      weights.movingVariance.write(result.movingVariance)
      return result.y
    })
  }
}

export const batchNormalizationLayer = (name: string, settings: { momentum: number; epsilon: number } = usual): Layer =>
  new FusedBatchNormalization({ name, ...settings })
