import type { TrainingSpec } from '@imclr/contract'
import { clipGradients } from '../optimizer/clipGradients.js'
import { makeOptimizer } from '../optimizer/makeOptimizer.js'
import { updateMovingAverage } from '../optimizer/movingAverage.js'
import { tf, type LayersModel, type Scalar, type Tensor, type Variable } from '../tf.js'
import type { Inputs, StepDefinition } from './recordGraph.js'

/** One summand of the training loss, with the inputs of the step that it needs. */
export interface LossTerm {
  /** Names its value among the step's results. */
  name: string
  inputs: Inputs
  /** Its inputs in the other shapes of the step, where they differ there. */
  otherInputs?: readonly Inputs[]
  /** Gradients flow from it to the model's weights. */
  value(inputs: Record<string, Tensor>): Scalar
}

export interface TrainingStepOptions extends Pick<TrainingSpec, 'optimizer' | 'weightDecay' | 'decay' | 'clipNorm' | 'emaDecay'> {
  /** The step's variables are its weights. */
  model: LayersModel
  /** Passes of the terms through the model are made in this order. */
  terms: readonly LossTerm[]
}

export interface TrainingStepDefinition extends StepDefinition {
  /** Where the model's weights begin among the variables, and where their averages do (null without). */
  readonly weights: { start: number; count: number }
  readonly averages: { start: number; count: number } | null
  /** Frees the optimiser's variables and the averages; the model is the caller's. */
  dispose(): void
}

/**
 * One step of training: the inputs of the terms and the optimiser's scalars (float32 `[]`); results `loss`, the sum of the terms before
 * weight decay, and each term under its name. Moving statistics and averages are updated in the same step.
 */
export function trainingStep({ model, terms, clipNorm, emaDecay, ...recipe }: TrainingStepOptions): TrainingStepDefinition {
  const named = (items: LayersModel['weights']) => items.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable }))
  const [trained, weights] = [named(model.trainableWeights), named(model.weights)]
  const optimizer = makeOptimizer(recipe, trained)
  // All weights are averaged, moving statistics included: the averaged network then has statistics of its own.
  const averages = emaDecay === null ? [] : weights.map(({ name, variable }) => ({ name: `average/${name}`, variable: tf.tidy(() => tf.variable(tf.mul(variable, 1), false)) }))

  const run = (inputs: Record<string, Tensor>) => {
    let values: Scalar[] = []
    const { value: loss, grads } = tf.variableGrads(
      () => {
        values = terms.map((term) => tf.keep(term.value(inputs)))
        return tf.addN(values) as Scalar
      },
      trained.map(({ variable }) => variable),
    )
    const gradients = trained.map(({ variable }) => grads[variable.name]!)
    optimizer.update(clipNorm === null ? gradients : clipGradients(gradients, clipNorm), inputs)
    if (emaDecay !== null) weights.forEach(({ variable: value }, index) => updateMovingAverage({ average: averages[index]!.variable, value }, emaDecay))
    return { loss, ...Object.fromEntries(terms.map(({ name }, index) => [name, values[index]!])) }
  }

  const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, { shape: [], dtype: 'float32' as const }]))
  const inputsOf = (of: (term: LossTerm) => Inputs): Inputs => ({ ...Object.assign({}, ...terms.map(of)) as Inputs, ...scalars })
  const others = Math.max(...terms.map(({ otherInputs = [] }) => otherInputs.length))

  return {
    inputs: inputsOf(({ inputs }) => inputs),
    otherInputs: Array.from({ length: others }, (_, i) => inputsOf(({ inputs, otherInputs }) => otherInputs?.[i] ?? inputs)),
    variables: [...weights, ...optimizer.variables, ...averages],
    weights: { start: 0, count: weights.length },
    averages: emaDecay === null ? null : { start: weights.length + optimizer.variables.length, count: averages.length },
    run,
    dispose() {
      optimizer.dispose()
      averages.forEach(({ variable }) => variable.dispose())
    },
  }
}
