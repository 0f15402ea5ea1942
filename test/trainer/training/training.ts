import type { NetworkName } from '@imclr/contract'
import { makeStep, type StepOptions } from '@imclr/trainer/engine/testing'
import {
  supervisedLoss,
  type SupervisedLossOptions,
  trainingPass,
  type TrainingPass,
  type TrainingStepDefinition,
  type TrainingPassOptions,
  trainingStep,
  type TrainingStepOptions,
} from '@imclr/trainer/training/testing'
import { buildNetwork } from '@imclr/trainer/networks/testing'
import { stream } from '@imclr/trainer/random/testing'

type Shape = readonly [number, number, number, number]

export const recorded: StepOptions = { execution: 'graph', precision: 'float32' }
export const eager: StepOptions = { execution: 'eager', precision: 'float32' }

export interface Recipe {
  network: NetworkName
  shape: Shape
  classes?: number
  options?: Partial<Omit<TrainingStepOptions & TrainingPassOptions, 'model' | 'terms'>> &
    Pick<SupervisedLossOptions, 'jsd' | 'otherShapes'>
}

/** A network with its step definition; both are freed by `using`. */
export function training({ network, shape, classes = 10, options = {} }: Recipe) {
  const model = buildNetwork({ name: network, classes, seed: 3 })
  const pass: TrainingPass = trainingPass({ model, mean: [120, 118, 110], std: [60, 61, 66], ...options })
  const definition: TrainingStepDefinition = trainingStep({
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
    weightDecay: 5e-4,
    decay: 'all',
    clipNorm: null,
    emaDecay: null,
    ...options,
    model,
    terms: [supervisedLoss({ pass, shape, classes, ...options })],
  })
  return {
    model,
    pass,
    definition,
    [Symbol.dispose]() {
      definition.dispose()
      model.dispose()
    },
  }
}

/**
 * Images of blobs whose colour depends on the class, and the mean of two one-hot labels: something that can be learnt.
 */
export function batch(shape: Shape, index = 0, classes = 10) {
  const [n, h, w] = shape
  const random = stream({ seed: 5, name: 'augment', index })
  const images = new Uint8Array(n * h * w * 3)
  const labels = new Float32Array(n * classes)
  for (let i = 0; i < n; i++) {
    const pair = [random.int(classes), random.int(classes)]
    for (const label of pair) labels[i * classes + label]! += 0.5
    for (let p = 0; p < h * w; p++) {
      const label = pair[p < (h * w) / 2 ? 0 : 1]!
      for (let c = 0; c < 3; c++)
        images[(i * h * w + p) * 3 + c] = Math.min(255, 20 * ((label * (c + 1)) % 10) + random.int(60))
    }
  }
  return { images, labels }
}

export interface Run extends StepOptions {
  /** Of all steps, or of each, counted from 0. */
  rate?: number | ((step: number) => number)
  /** One batch again and again, so that the losses change by the updates alone. */
  sameBatch?: boolean
}

/** The losses of some steps from the definition's weights, which are the same afterwards. */
export function losses(
  definition: ReturnType<typeof trainingStep>,
  steps: number,
  { rate = 0.02, sameBatch = false, ...options }: Run,
): number[] {
  const before = makeStep(definition, eager).readVariables()
  const step = makeStep(definition, options)
  if (step.fallbackReason) throw new Error(step.fallbackReason)
  const rateOf = typeof rate === 'number' ? () => rate : rate
  const { shape } = definition.inputs.images!
  const [rows, classes] = definition.inputs.labels!.shape
  try {
    return Array.from({ length: steps }, (_, index) => {
      const { images, labels } = batch(shape as unknown as Shape, sameBatch ? 0 : index, classes)
      // As many labels as the step takes: with several views of an image fewer than images.
      return step.step({
        images,
        labels: labels.subarray(0, rows! * classes!),
        learningRate: Float32Array.of(rateOf(index)),
      }).loss![0]!
    })
  } finally {
    step.dispose()
    makeStep(definition, eager).writeVariables(before)
  }
}

export const relativeDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, index) => Math.abs(value - b[index]!) / Math.abs(b[index]!)))
