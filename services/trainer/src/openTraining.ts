import type { TrainingSpec } from '@imclr/contract'
import type { TrainingBatch } from './data/feed.js'
import { assignStates, makeStep } from './engine/makeStep.js'
import type { VariableState } from './engine/makeStep.js'
import { trainingStep } from './engine/trainingStep.js'
import type { TrainingData } from './openData.js'
import { buildNetwork } from './networks/buildNetwork.js'
import type { LayersModel } from './tf.js'

export interface Training {
  /** How steps run, after any fallback. */
  execution: 'recorded' | 'eager'
  precision: TrainingSpec['precision']
  /** Trainable ones. */
  parameters: number
  /** Why a recorded step was asked for and an eager one runs. */
  fallbackReason: string | undefined
  /**
   * One step of SGD on a batch of the feed.
   * @returns the mean loss over the batch, before the step
   */
  run(batch: Pick<TrainingBatch, 'images' | 'labels'>, learningRate: number): number
  readState(): VariableState[]
  /** @throws RangeError when the state is of another network or optimiser */
  writeState(state: VariableState[]): void
  /** The network with the weights that training ended with, averaged ones where the spec asks for them. */
  trainedNetwork(): LayersModel
  dispose(): void
}

/** The network with fresh weights, and the step that trains it. @throws Failure PRECISION_UNSUPPORTED */
export function openTraining(spec: TrainingSpec, { feed, normalisation }: Pick<TrainingData, 'feed' | 'normalisation'>): Training {
  const { batchSize, inputHeight, inputWidth, classes } = feed
  const model = buildNetwork({ name: spec.network, classes, seed: spec.seed })
  const definition = trainingStep({
    model,
    shape: [batchSize, inputHeight, inputWidth, 3],
    classes,
    ...normalisation,
    optimizer: { momentum: spec.momentum, nesterov: spec.nesterov, weightDecay: spec.weightDecay },
    labelSmoothing: 0, // the feed's labels are smooth already
    weightedLabels: spec.sampling === 'class-weighted',
    emaDecay: spec.emaDecay,
  })
  const step = makeStep(definition, { execution: spec.execution, precision: spec.precision })

  return {
    execution: step.execution,
    precision: step.precision,
    fallbackReason: step.fallbackReason,
    parameters: model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((product, side) => product * side!, 1), 0),
    run: ({ images, labels }, learningRate) => step.step({ images, labels, learningRate: Float32Array.of(learningRate) }).loss![0]!,
    readState: () => step.readVariables(),
    writeState: (state) => step.writeVariables(state),
    trainedNetwork() {
      const state = step.readVariables()
      const { weights, averages } = definition
      const of = ({ start, count }: { start: number; count: number }) => state.slice(start, start + count)
      assignStates({ variables: definition.variables.slice(weights.start, weights.start + weights.count) }, of(averages ?? weights))
      return model
    },
    dispose() {
      step.dispose()
      definition.dispose()
      model.dispose()
    },
  }
}
