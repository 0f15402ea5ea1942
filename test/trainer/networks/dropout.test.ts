import { describe, expect, it } from 'vitest'
import { makeStep, tf, type LayersModel, type SymbolicTensor, type Tensor } from '@imclr/trainer/engine/testing'
import { supervisedLoss, trainingPass, trainingStep } from '@imclr/trainer/training/testing'
import {
  dropoutLayer,
  initialiseWeights,
  classifier,
  convolution,
  dropout,
  leakyRelu,
  maxPooling,
  normalised,
  buildServingModel,
} from '@imclr/trainer/networks/testing'
import { batch, eager, recorded, relativeDifference } from '../training/training.js'

const alone = (seed: number, rate = 0.5): LayersModel => {
  const x = tf.input({ shape: [null, null, 3] })
  const model = tf.model({ inputs: x, outputs: dropoutLayer('dropout', rate).apply(x) as SymbolicTensor })
  initialiseWeights(model, seed)
  return model
}
const shape: [number, number, number, number] = [4, 32, 32, 3]
const pass = (model: LayersModel, training = true) =>
  tf.tidy(() => (model.apply(tf.ones(shape), { training }) as Tensor).dataSync().slice())

describe('dropout', () => {
  it.each([0.5, 0.25])(
    'drops a share of %d of the values and multiplies what is left, so that the mean stays',
    (rate) => {
      const values = pass(alone(1, rate))
      const left = values.filter((value) => value !== 0)
      expect([...new Set(left)]).toEqual([expect.closeTo(1 / (1 - rate), 6)])
      // 12,288 values: five standard errors are 2.3 % at most.
      expect(Math.abs(left.length / values.length - (1 - rate))).toBeLessThan(0.023)
    },
  )

  it('does nothing outside of training, and does not count the pass', () => {
    const model = alone(1)
    expect(pass(model, false).every((value) => value === 1)).toBe(true)
    expect(model.getWeights()[0]!.dataSync()[1]).toBe(0)
  })

  it('draws by the seed and the number of passes: another mask each time, the same from the same state', () => {
    const [a, b] = [alone(1), alone(1)]
    const [first, second] = [pass(a), pass(a)]
    expect(second).not.toEqual(first)
    expect([pass(b), pass(b)]).toEqual([first, second])
    expect(pass(alone(2))).not.toEqual(first)
    const state = a.getWeights()[0]!.dataSync()
    expect(state[1]).toBe(2)
    // A new layer that is given the state goes on from there.
    const resumed = alone(7)
    resumed.setWeights([tf.tensor1d(state)])
    expect(pass(resumed)).toEqual(pass(a))
  })

  it('passes the gradient where it passed the value', () => {
    const model = alone(3)
    const x = tf.ones(shape)
    const { value, grads } = tf.tidy(() => {
      let output!: Tensor
      const [gradient] = tf.grads((input) => {
        output = tf.keep(model.apply(input, { training: true }) as Tensor)
        return tf.sum(output)
      })([x])
      return { value: output.dataSync().slice(), grads: gradient!.dataSync().slice() }
    })
    expect(grads).toEqual(value)
  })
})

describe('a network of the layers of Conv-Large', () => {
  const size = [6, 12, 8, 3] as const
  const small = (): LayersModel => {
    const images = tf.input({ shape: [null, null, 3], name: 'images' })
    const pooled = maxPooling(
      leakyRelu(normalised(convolution(images, { name: 'conv1', filters: 8, size: 3 }), 'norm1'), 'relu1'),
      'pool1',
    )
    const model = tf.model({
      inputs: images,
      outputs: classifier(
        convolution(dropout(pooled, 'dropout'), { name: 'conv2', filters: 8, size: 3, padding: 'valid' }),
        10,
      ),
    })
    initialiseWeights(model, 5)
    return model
  }
  const inputs = { ...batch(size), learningRate: Float32Array.of(0.05) }
  const losses = (step: ReturnType<typeof makeStep>, count: number) =>
    Array.from({ length: count }, () => step.step(inputs).loss![0]!)

  it('draws the same masks recorded as eager, and after a resume', () => {
    const model = small()
    const pass = trainingPass({ model, mean: [120, 118, 110], std: [60, 61, 66] })
    const optimizer = { kind: 'sgd', momentum: 0.9, nesterov: true } as const
    const definition = trainingStep({
      model,
      terms: [supervisedLoss({ pass, shape: size, classes: 10 })],
      optimizer,
      weightDecay: 5e-4,
      decay: 'all',
      clipNorm: null,
      emaDecay: 0.9,
    })
    const step = makeStep(definition, recorded)
    expect(step.fallbackReason).toBeUndefined()
    const first = losses(step, 2)
    const state = step.readVariables()
    const rest = losses(step, 3)
    expect(new Set([...first, ...rest]).size).toBe(5)
    step.dispose()
    const resumed = makeStep(definition, recorded)
    resumed.writeVariables(state)
    expect(losses(resumed, 3)).toEqual(rest)
    resumed.dispose()
    const slow = makeStep(definition, eager)
    expect(relativeDifference(losses(slow, 5), [...first, ...rest])).toBeLessThan(1e-5)
    definition.dispose()
    model.dispose()
  })

  it('has no dropout in the model that is served, and the same answers', () => {
    const model = small()
    const serving = buildServingModel(model, { mean: [0, 0, 0], std: [1, 1, 1], stack: null })
    const answers = (one: LayersModel) => tf.tidy(() => (one.apply(tf.ones([...size])) as Tensor).dataSync().slice())
    const probabilities = (one: LayersModel) =>
      tf.tidy(() =>
        tf
          .softmax(one.apply(tf.ones([...size])) as Tensor)
          .dataSync()
          .slice(),
      )
    expect(relativeDifference([...answers(serving)], [...probabilities(model)])).toBeLessThan(1e-5)
    const kinds = (one: LayersModel) => new Set(one.layers.map((layer) => layer.getClassName()))
    expect(kinds(model)).toContain('KeyedDropout')
    expect(kinds(serving)).not.toContain('KeyedDropout')
  })
})
