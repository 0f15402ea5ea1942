import { describe, expect, it } from 'vitest'
import { makeStep, tf, type Tensor4D } from '@imclr/trainer/engine/testing'
import { supervisedLoss, trainingPass, trainingStep, type LossTerm } from '@imclr/trainer/training/testing'
import { applyInTraining, type Statistics, buildNetwork } from '@imclr/trainer/networks/testing'
import { batch, recorded } from './training.js'

const shape = [4, 8, 8, 3] as const
const isStatistic = ({ name }: { name: string }) => /moving_(mean|variance)$/.test(name)

describe('a pass with frozen statistics', { timeout: 180_000 }, () => {
  it('gives what any pass in training gives, and leaves the moving averages alone to the last bit', () => {
    const model = buildNetwork({ name: 'resnet8', classes: 10, seed: 3 })
    const images = tf.randomNormal([...shape], 0, 1, 'float32', 4) as Tensor4D
    const statistics = () =>
      model.weights
        .filter((weight) => isStatistic({ name: weight.originalName }))
        .map((weight) => [...weight.read().dataSync()])
    const before = statistics()
    expect(before).toHaveLength(18) // two of each of nine normalisations
    const apply = (how: Statistics) => tf.tidy(() => [...applyInTraining(model, images, how).dataSync()])
    const frozen = apply('frozen')
    expect(statistics()).toEqual(before)
    expect(apply('moved')).toEqual(frozen)
    statistics().forEach((values, i) => expect(values).not.toEqual(before[i]))
    model.dispose()
  })

  it('as a second term of a recorded step has gradients but leaves no trace in the statistics', () => {
    /** A step on two batches, the second of which pulls the logits to zero. */
    const after = (terms: 'first' | Statistics) => {
      const model = buildNetwork({ name: 'resnet8', classes: 10, seed: 3 })
      const pass = trainingPass({ model, mean: [120, 118, 110], std: [60, 61, 66] })
      const second: LossTerm = {
        name: 'second',
        inputs: { others: { shape, dtype: 'uint8' } },
        value: ({ others }) => tf.mean(tf.square(pass(others!, terms === 'moved' ? 'moved' : 'frozen'))).asScalar(),
      }
      const definition = trainingStep({
        model,
        terms: [supervisedLoss({ pass, shape, classes: 10 }), ...(terms === 'first' ? [] : [second])],
        optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
        weightDecay: 0,
        decay: 'all',
        clipNorm: null,
        emaDecay: null,
      })
      const step = makeStep(definition, recorded)
      expect(step.fallbackReason).toBeUndefined()
      const results = step.step({
        ...batch(shape, 0),
        others: batch(shape, 1).images,
        learningRate: Float32Array.of(0.01),
      })
      const state = step.readVariables()
      step.dispose()
      definition.dispose()
      model.dispose()
      return { results, statistics: state.filter(isStatistic), trained: state.filter((one) => !isStatistic(one)) }
    }
    const [alone, frozen, moved] = [after('first'), after('frozen'), after('moved')]
    expect(frozen.statistics).toEqual(alone.statistics)
    expect(moved.statistics).not.toEqual(alone.statistics)
    expect(frozen.trained).not.toEqual(alone.trained)
    const { loss, supervised, second } = frozen.results
    expect(supervised![0]).toBe(alone.results.supervised![0])
    expect(second![0]).toBeGreaterThan(0)
    expect(loss![0]).toBeCloseTo(supervised![0]! + second![0]!, 4)
  })
})
