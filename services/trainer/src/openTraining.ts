import { jsdOf, type TrainingSpec } from '@imclr/contract'
import type { TrainingBatch } from './data/feed.js'
import { assignStates, makeStep } from './engine/makeStep.js'
import type { VariableState } from './engine/makeStep.js'
import { supervisedLoss } from './engine/supervisedLoss.js'
import { trainingPass } from './engine/trainingPass.js'
import { trainingStep } from './engine/trainingStep.js'
import type { TrainingData } from './openData.js'
import type { StepScalars } from './optimizer/stepScalars.js'
import { buildNetwork } from './networks/buildNetwork.js'
import type { LayersModel } from './tf.js'

/** Which weights: those that are the model (averaged ones where the spec asks for them), or those that the steps move. */
export type Weights = 'model' | 'raw'

export interface Training {
  /** How steps run, after any fallback. */
  execution: 'recorded' | 'eager'
  precision: TrainingSpec['precision']
  /** Of the network, frozen ones too; moving statistics are none. */
  parameters: number
  /** Why a recorded step was asked for and an eager one runs. */
  fallbackReason: string | undefined
  /** Whose weights `withWeights` and `finish` set: normalised images to logits. */
  network: LayersModel
  /**
   * One step of the optimiser on a batch of the feed.
   * @returns the loss over the batch, before the step
   */
  run(batch: Pick<TrainingBatch, 'images' | 'labels'> & Partial<Pick<TrainingBatch, 'size'>>, scalars: StepScalars): number
  /** Everything that a training goes on from, what was kept included. */
  readState(): VariableState[]
  /** @throws RangeError when the state is of another network or optimiser */
  writeState(state: VariableState[]): void
  /** Gives the network its present weights for as long as `use` takes; the steps go on as if nothing had been. */
  withWeights<T>(which: Weights, use: () => Promise<T>): Promise<T>
  /** Remembers the present weights as those to end with, in place of any before. */
  keep(): void
  /** Gives the network for good the weights that training ended with: those kept, else the present ones. No step may follow. */
  finish(which: Weights): void
  dispose(): void
}

const keptPrefix = 'kept/'

export interface TrainingParts extends Pick<TrainingData, 'feed' | 'normalisation'> {
  /** With its first weights. @default one of ours, drawn by the seed */
  network?: LayersModel
}

/** The network, and the step that trains it. @throws Failure PRECISION_UNSUPPORTED */
export function openTraining(spec: TrainingSpec, { feed, normalisation, network: model = buildNetwork({ name: spec.network, classes: feed.classes, seed: spec.seed }) }: TrainingParts): Training {
  const { batchSize, views, inputSizes, classes } = feed
  const pass = trainingPass({ model, ...normalisation })
  const [shape, ...otherShapes] = inputSizes.map(({ height, width }) => [views * batchSize, height, width, 3] as const)
  const definition = trainingStep({ ...spec, model, terms: [supervisedLoss({ pass, shape: shape!, otherShapes, classes, weighted: spec.sampling === 'class-weighted', jsd: jsdOf(spec.augment) })] })
  const step = makeStep(definition, { execution: spec.execution, precision: spec.precision })
  const { variables, weights, averages } = definition
  const own = variables.slice(weights.start, weights.start + weights.count)
  let kept: VariableState[] | null = null

  /** Weights, then averages where there are any: what a model is made of. */
  const present = () => {
    const state = step.readVariables()
    return [weights, averages].flatMap((part) => (part ? state.slice(part.start, part.start + part.count) : []))
  }
  const assign = (states: readonly VariableState[], which: Weights) =>
    assignStates({ variables: own }, which === 'model' && averages ? states.slice(weights.count) : states.slice(0, weights.count))

  return {
    execution: step.execution,
    precision: step.precision,
    fallbackReason: step.fallbackReason,
    parameters: model.weights.filter(({ originalName }) => !/\/(moving_mean|moving_variance|state)$/.test(originalName)).reduce((sum, { shape }) => sum + shape.reduce<number>((product, side) => product * side!, 1), 0),
    network: model,
    run: ({ images, labels, size }, scalars) => step.step({ images, labels, ...inputsOf(scalars) }, size).loss![0]!,
    readState: () => [...step.readVariables(), ...(kept ?? []).map((state) => ({ ...state, name: keptPrefix + state.name }))],
    writeState(state) {
      step.writeVariables(state.slice(0, variables.length))
      const rest = state.slice(variables.length)
      kept = rest.length === 0 ? null : rest.map((one) => ({ ...one, name: one.name.slice(keptPrefix.length) }))
    },
    async withWeights(which, use) {
      const states = present()
      assign(states, which)
      try {
        return await use()
      } finally {
        assign(states, 'raw') // an eager step's weights are the network's own
      }
    },
    keep() {
      kept = present()
    },
    finish(which) {
      kept ??= present()
      assign(kept, which)
    },
    dispose() {
      step.dispose()
      definition.dispose()
      model.dispose()
    },
  }
}

const inputsOf = (scalars: StepScalars) => Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)]))
