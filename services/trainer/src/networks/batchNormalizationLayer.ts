import { batchNormalization } from '../engine/kernels/batchNormalization.js'
import { tf, type Layer, type Tensor, type Tensor1D, type Tensor4D } from '../tf.js'

/** What the standard layer keeps and its type declarations hide. */
interface Internals {
  gamma: { read(): Tensor1D }
  beta: { read(): Tensor1D }
  movingMean: { read(): Tensor1D; write(value: Tensor1D): void }
  movingVariance: { read(): Tensor1D; write(value: Tensor1D): void }
}

type Arguments = Parameters<typeof tf.layers.batchNormalization>[0]
const Standard = Object.getPrototypeOf(tf.layers.batchNormalization()).constructor as new (args: Arguments) => Layer

// PyTorch's defaults, on which the published recipes rest; tfjs' own are 0.99 and 1e-3.
const momentum = 0.9
const epsilon = 1e-5

/**
 * The standard batch normalisation with its training path through one fused op. It inherits the standard class name, so a saved model
 * says `BatchNormalization` and opens in any TensorFlow.js.
 */
class FusedBatchNormalization extends Standard {
  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor | Tensor[] {
    if (!kwargs?.training) return super.call(inputs, kwargs)
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D
      const weights = this as unknown as Internals
      const result = batchNormalization({
        x,
        gamma: weights.gamma.read(),
        beta: weights.beta.read(),
        movingMean: weights.movingMean.read(),
        movingVariance: weights.movingVariance.read(),
        epsilon,
        momentum,
      })
      weights.movingMean.write(result.movingMean)
      weights.movingVariance.write(result.movingVariance)
      return result.y
    })
  }
}

export const batchNormalizationLayer = (name: string): Layer => new FusedBatchNormalization({ name, momentum, epsilon })
