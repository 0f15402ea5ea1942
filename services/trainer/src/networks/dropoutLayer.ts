import { statelessUniform } from '../engine/kernels/statelessUniform.js'
import { tf, type Layer, type Tensor, type Tensor1D } from '../engine/tf.js'

const stateName = 'state'

interface State {
  read(): Tensor1D
  write(value: Tensor1D): void
}

/**
 * Dropout (Srivastava et al. 2014) whose masks are a function of its state: the key that `initialiseWeights` drew from
 * the `dropout` stream, and the number of passes in training so far. The state is a weight that is not trained, so that
 * it goes into checkpoints: the same seed gives the same masks, recorded or eager, with or without a kill and resume,
 * and two passes of one step differ. Both numbers are whole and below 2^24, where float32 is exact.
 *
 * In use it does nothing, and the serving model leaves it out: no other TensorFlow.js has to know it.
 */
class KeyedDropout extends (tf.layers.Layer as unknown as new (args: { name: string }) => Layer) {
  static className = 'KeyedDropout'
  private state!: State
  constructor(
    name: string,
    private readonly rate: number,
  ) {
    super({ name })
  }

  override build(): void {
    this.state = this.addWeight(
      stateName,
      [2],
      'float32',
      tf.initializers.zeros(),
      undefined,
      false,
    ) as unknown as State
    this.built = true
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor | Tensor[] {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs
    if (!kwargs?.training) return x
    return tf.tidy(() => {
      const state = this.state.read()
      // A uniform number plus the share to keep, rounded down: 0 drops the value, 1 keeps it.
      const kept = tf.floor(tf.add(statelessUniform(x.shape, tf.cast(state, 'int32')), 1 - this.rate))
      this.state.write(tf.add(state, tf.tensor1d([0, 1])))
      return tf.mul(x, tf.mul(kept, 1 / (1 - this.rate)))
    })
  }
}

export const dropoutLayer = (name: string, rate: number): Layer => new KeyedDropout(name, rate)

/**
 * Whether a weight is the state of a dropout layer, which must not be averaged.
 *
 * @param name with the name of its layer before it
 */
export const isDropoutState = (name: string): boolean => name.endsWith(`/${stateName}`)

/** Whether a layer does nothing once training is over. */
export const actsInTrainingOnly = (layer: Layer): boolean => layer instanceof KeyedDropout

/** The largest key, not included. */
export const dropoutKeys = 2 ** 24
