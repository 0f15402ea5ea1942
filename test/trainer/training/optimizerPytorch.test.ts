import { readFileSync } from 'node:fs'
import type { TrainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { makeStep, tf } from '@imclr/trainer/engine/testing'
import { supervisedLoss, trainingPass, trainingStep, adamScalars } from '@imclr/trainer/training/testing'

/** Written by test/pytorch/optimizers.py. */
interface Fixture {
  shape: [number, number, number, number]
  filters: number
  classes: number
  /** Per step: learning rates, and the ramp down that beta1 follows. */
  rates: number[]
  down: number[]
  pixels: number[]
  labels: number[]
  /** Weights before the first step. */
  first: number[][]
  cases: {
    name: string
    recipe: Pick<TrainingSpec, 'optimizer' | 'weightDecay' | 'decay' | 'clipNorm'>
    losses: number[]
    weights: number[][]
  }[]
}
const { shape, filters, classes, rates, down, pixels, labels, first, cases } = JSON.parse(
  readFileSync(new URL('optimizerPytorch.json', import.meta.url), 'utf8'),
) as Fixture

/** A convolution, tanh, the mean over the pixels, a linear layer: smooth, so that nothing magnifies rounding. */
function smallNetwork() {
  const images = tf.input({ shape: [null, null, 3] })
  const layers = [
    tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'tanh' }),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.dense({ units: classes }),
  ]
  const model = tf.model({
    inputs: images,
    outputs: layers.reduce((x, layer) => layer.apply(x) as typeof images, images),
  })
  tf.tidy(() => model.setWeights(model.weights.map(({ shape: sides }, i) => tf.tensor(first[i]!, sides as number[]))))
  return model
}

const furthest = (a: ArrayLike<number>, b: readonly number[]) =>
  Math.max(...b.map((value, i) => Math.abs(a[i]! - value)))

describe('from the same weights as PyTorch, six steps lead to the same weights', () => {
  it.each(cases.flatMap((one) => (['graph', 'eager'] as const).map((execution) => ({ ...one, execution }))))(
    '$name, $execution',
    ({ recipe, losses, weights, execution }) => {
      const model = smallNetwork()
      const pass = trainingPass({ model, mean: [127.5, 127.5, 127.5], std: [64, 64, 64] })
      const definition = trainingStep({
        ...recipe,
        emaDecay: null,
        model,
        terms: [supervisedLoss({ pass, shape, classes })],
      })
      const step = makeStep(definition, { execution, precision: 'float32' })
      expect(step.execution).toBe(execution)
      const { optimizer } = recipe
      const measured = rates.map((learningRate, index) => {
        const scalars = {
          learningRate,
          ...(optimizer.kind === 'sgd' ? {} : adamScalars(optimizer, { step: index, down: down[index]! })),
        }
        const inputs = Object.fromEntries(
          Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)]),
        )
        return step.step({ images: Uint8Array.from(pixels), labels: Float32Array.from(labels), ...inputs }).loss![0]!
      })
      expect(furthest(measured, losses)).toBeLessThan(2e-6)
      step
        .readVariables()
        .slice(0, weights.length)
        .forEach(({ name, values }, i) => expect(furthest(values, weights[i]!), name).toBeLessThan(1e-5))
      // The steps led somewhere.
      expect(furthest(first[0]!, weights[0]!)).toBeGreaterThan(0.005)
      step.dispose()
      definition.dispose()
      model.dispose()
    },
  )
})
