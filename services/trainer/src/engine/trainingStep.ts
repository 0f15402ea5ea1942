import type { TrainingSpec } from '@imclr/contract'
import { clipGradients } from '../optimizer/clipGradients.js'
import { makeOptimizer } from '../optimizer/makeOptimizer.js'
import { updateMovingAverage } from '../optimizer/movingAverage.js'
import { tf, type LayersModel, type Scalar, type Tensor, type Variable } from '../tf.js'
import type { InputDeclaration, StepDefinition } from './recordGraph.js'

/** One summand of the training loss, with the inputs of the step that it needs. */
export interface LossTerm {
  /** Names its value among the step's results. */
  name: string
  inputs: Readonly<Record<string, InputDeclaration>>
  /** Names an input of the step (float32 `[]`) that multiplies it in the loss; without, it counts as it is. */
  weight?: string
  /** Gradients flow from it to the model's weights. What is noted is found among the step's results. */
  value(inputs: Record<string, Tensor>, note: (name: string, value: Scalar) => void): Scalar
}

export interface TrainingStepOptions extends Pick<TrainingSpec, 'optimizer' | 'weightDecay' | 'decay' | 'clipNorm' | 'emaDecay'> {
  /** The step's variables are its weights. */
  model: LayersModel
  /** A network of the same form whose weights are to be the averages (with `emaDecay`), so that terms can make passes with them; they begin with the model's. */
  teacher?: LayersModel
  /** Passes of the terms through the model are made in this order. */
  terms: readonly LossTerm[]
}

export interface TrainingStepDefinition extends StepDefinition {
  /** Where the model's weights begin among the variables, and where their averages do (null without). */
  readonly weights: { start: number; count: number }
  readonly averages: { start: number; count: number } | null
  /** Frees the optimiser's variables and the averages; model and teacher are the caller's. */
  dispose(): void
}

/**
 * One step of training: the inputs of the terms and the optimiser's scalars (float32 `[]`); results `loss`, the weighted sum of the terms before
 * weight decay, and each term under its name, before its weight. Moving statistics and averages are updated in the same step.
 */
export function trainingStep({ model, teacher, terms, clipNorm, emaDecay, ...recipe }: TrainingStepOptions): TrainingStepDefinition {
  const named = (items: LayersModel['weights']) => items.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable }))
  const [trained, weights] = [named(model.trainableWeights), named(model.weights)]
  const optimizer = makeOptimizer(recipe, trained)
  // All weights are averaged, moving statistics included: the averaged network then has statistics of its own.
  const averageOf = (variable: Variable, index: number) => {
    if (!teacher) return tf.tidy(() => tf.variable(tf.mul(variable, 1), false))
    const own = teacher.weights[index]!.read() as Variable
    tf.tidy(() => own.assign(tf.mul(variable, 1)))
    return own
  }
  const averages = emaDecay === null ? [] : weights.map(({ name, variable }, index) => ({ name: `average/${name}`, variable: averageOf(variable, index) }))

  const run = (inputs: Record<string, Tensor>) => {
    let values: Scalar[] = []
    const notes: Record<string, Scalar> = {}
    const { value: loss, grads } = tf.variableGrads(
      () => {
        values = terms.map((term) => tf.keep(term.value(inputs, (name, value) => (notes[name] = tf.keep(value)))))
        return tf.addN(values.map((value, index) => (terms[index]!.weight === undefined ? value : tf.mul(value, inputs[terms[index]!.weight]!)))) as Scalar
      },
      trained.map(({ variable }) => variable),
    )
    const gradients = trained.map(({ variable }) => grads[variable.name]!)
    optimizer.update(clipNorm === null ? gradients : clipGradients(gradients, clipNorm), inputs)
    if (emaDecay !== null) weights.forEach(({ variable: value }, index) => updateMovingAverage({ average: averages[index]!.variable, value }, emaDecay))
    return { loss, ...notes, ...Object.fromEntries(terms.map(({ name }, index) => [name, values[index]!])) }
  }

  return {
    inputs: {
      ...Object.assign({}, ...terms.map((term) => term.inputs)) as LossTerm['inputs'],
      ...Object.fromEntries([...optimizer.scalars, ...terms.flatMap(({ weight }) => weight ?? [])].map((name) => [name, { shape: [], dtype: 'float32' as const }])),
    },
    variables: [...weights, ...optimizer.variables, ...averages],
    weights: { start: 0, count: weights.length },
    averages: emaDecay === null ? null : { start: weights.length + optimizer.variables.length, count: averages.length },
    run,
    dispose() {
      optimizer.dispose()
      if (!teacher) averages.forEach(({ variable }) => variable.dispose())
    },
  }
}
