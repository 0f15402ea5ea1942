import type { TrainingSpec } from '@imclr/contract'
import { tf, type Tensor, type Variable } from '../../engine/tf.js'
import { applyAdam } from './adam.js'
import { applySgd } from './sgd.js'

export interface NamedVariable {
  name: string
  variable: Variable
}

export interface Optimizer {
  /** The state that lasts from step to step, such as velocities. `dispose` frees it. */
  readonly variables: readonly NamedVariable[]
  /** Inputs of the step that it takes; `stepScalars` has their values. */
  readonly scalars: readonly string[]
  /** Moves every weight by its gradient, in the order of the weights. */
  update(gradients: readonly Tensor[], scalars: Record<string, Tensor>): void
  dispose(): void
}

/**
 * Makes the optimiser of a spec for these weights. Its whole state is in `variables`; numbers that depend on the step
 * come as scalars.
 */
export function makeOptimizer(
  { optimizer, weightDecay, decay }: Pick<TrainingSpec, 'optimizer' | 'weightDecay' | 'decay'>,
  weights: readonly NamedVariable[],
): Optimizer {
  // Kernels have two axes or four; scales, shifts and biases have one.
  const decays = weights.map(({ variable }) => (decay === 'all' || variable.rank > 1 ? weightDecay : 0))
  const zeros = (prefix: string) =>
    weights.map(({ name, variable }) => ({
      name: `${prefix}/${name}`,
      variable: tf.tidy(() => tf.variable(tf.zerosLike(variable), false)),
    }))
  const owning = (variables: NamedVariable[]) => ({
    variables,
    dispose: () => variables.forEach(({ variable }) => variable.dispose()),
  })

  if (optimizer.kind === 'sgd') {
    const velocities = zeros('velocity')
    return {
      ...owning(velocities),
      scalars: ['learningRate'],
      update(gradients, { learningRate }) {
        weights.forEach(({ variable: weight }, i) => {
          applySgd(
            { weight, velocity: velocities[i]!.variable, gradient: gradients[i]!, learningRate: learningRate! },
            { ...optimizer, weightDecay: decays[i]! },
          )
        })
      },
    }
  }
  const [means, squares] = [zeros('mean'), zeros('square')]
  return {
    ...owning([...means, ...squares]),
    scalars: ['learningRate', 'beta1', 'correction1', 'correction2'],
    update(gradients, { learningRate, beta1, correction1, correction2 }) {
      const scalars = {
        learningRate: learningRate!,
        beta1: beta1!,
        correction1: correction1!,
        correction2: correction2!,
      }
      weights.forEach(({ variable: weight }, i) => {
        applyAdam(
          { weight, mean: means[i]!.variable, square: squares[i]!.variable, gradient: gradients[i]!, scalars },
          { ...optimizer, weightDecay: decays[i]! },
        )
      })
    },
  }
}
