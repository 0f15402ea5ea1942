import type { TrainingSpec } from '@imclr/contract'
import { clipGradients } from './optimizer/clipGradients.js'
import { makeOptimizer } from './optimizer/makeOptimizer.js'
import { isDropoutState } from '../networks/dropoutLayer.js'
import { updateMovingAverage } from './optimizer/movingAverage.js'
import { tf, type LayersModel, type Scalar, type Tensor, type Variable } from '../engine/tf.js'
import type { Inputs, StepDefinition } from '../engine/recordGraph.js'

/** One summand of the training loss, with the inputs of the step that it needs. */
export interface LossTerm {
  /** Names its value among the step's results. */
  name: string
  inputs: Inputs
  /** Its inputs in the other shapes of the step, where they differ there. */
  otherInputs?: readonly Inputs[]
  /**
   * Its addition to the loss; gradients flow from it to the model's weights. Values passed to `note` are among the
   * step's results.
   */
  value(inputs: Record<string, Tensor>, note: (name: string, value: Scalar) => void): Scalar
}

export interface TrainingStepOptions extends Pick<
  TrainingSpec,
  'optimizer' | 'weightDecay' | 'decay' | 'clipNorm' | 'emaDecay'
> {
  /** The step's variables are its weights. */
  model: LayersModel
  /**
   * A network of the same form whose weights are to be the averages (with `emaDecay`), so that terms can make passes
   * with them; they begin with the model's.
   */
  teacher?: LayersModel | null
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
 * One step of training: the inputs of the terms and the optimiser's scalars (float32 `[]`); results `loss`, the sum of
 * the terms before weight decay, each term under its name, and what terms note. Moving statistics and averages are
 * updated in the same step.
 */
export function trainingStep({
  model,
  teacher = null,
  terms,
  clipNorm,
  emaDecay,
  ...recipe
}: TrainingStepOptions): TrainingStepDefinition {
  const named = (items: LayersModel['weights']) =>
    items.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable }))
  const [trained, weights] = [named(model.trainableWeights), named(model.weights)]
  const optimizer = makeOptimizer(recipe, trained)
  // All weights are averaged, moving statistics included: the averaged network then has statistics of its own.
  const averageOf = ({ name, variable }: (typeof weights)[number], index: number) => {
    if (teacher === null) return tf.tidy(() => tf.variable(tf.mul(variable, 1), false))
    const own = teacher.weights[index]!.read() as Variable
    if (!isDropoutState(name)) tf.tidy(() => own.assign(tf.mul(variable, 1)))
    return own
  }
  const averages =
    emaDecay === null
      ? []
      : weights.map((weight, index) => ({ name: `average/${weight.name}`, variable: averageOf(weight, index) }))
  // A teacher counts its own passes
  const averaged = averages.map((_, index) => index).filter((index) => !isDropoutState(weights[index]!.name))

  const run = (inputs: Record<string, Tensor>) => {
    let values: Scalar[] = []
    const notes: Record<string, Scalar> = {}
    const { value: loss, grads } = tf.variableGrads(
      () => {
        values = terms.map((term) => tf.keep(term.value(inputs, (name, value) => (notes[name] = tf.keep(value)))))
        return tf.addN(values) as Scalar
      },
      trained.map(({ variable }) => variable),
    )
    const gradients = trained.map(({ variable }) => grads[variable.name]!)
    optimizer.update(clipNorm === null ? gradients : clipGradients(gradients, clipNorm), inputs)
    if (emaDecay !== null)
      averaged.forEach((index) =>
        updateMovingAverage({ average: averages[index]!.variable, value: weights[index]!.variable }, emaDecay),
      )
    return { loss, ...notes, ...Object.fromEntries(terms.map(({ name }, index) => [name, values[index]!])) }
  }

  const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, { shape: [], dtype: 'float32' as const }]))
  const inputsOf = (of: (term: LossTerm) => Inputs): Inputs => ({
    ...(Object.assign({}, ...terms.map(of)) as Inputs),
    ...scalars,
  })
  const others = Math.max(...terms.map(({ otherInputs = [] }) => otherInputs.length))

  return {
    inputs: inputsOf(({ inputs }) => inputs),
    otherInputs: Array.from({ length: others }, (_, i) =>
      inputsOf(({ inputs, otherInputs }) => otherInputs?.[i] ?? inputs),
    ),
    variables: [...weights, ...optimizer.variables, ...averages],
    weights: { start: 0, count: weights.length },
    averages: emaDecay === null ? null : { start: weights.length + optimizer.variables.length, count: averages.length },
    run,
    dispose() {
      optimizer.dispose()
      if (teacher === null) averages.forEach(({ variable }) => variable.dispose())
    },
  }
}
