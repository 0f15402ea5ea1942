import type { TrainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import {
  clipGradients,
  updateMovingAverage,
  rampDown,
  rampUp,
  learningRateOf,
  scheduleFactor,
  applySgd,
  type SgdOptions,
  stepScalars,
} from '@imclr/trainer/training/testing'
import { tf, type Variable } from '@imclr/trainer/engine/testing'

/** Two steps from w = 1, v = 0 with gradients 0.5 and -0.25 at rates 0.1 and 0.05. */
function twoSteps(options: SgdOptions): [number, number] {
  const [weight, velocity] = [tf.variable(tf.tensor1d([1]), false), tf.variable(tf.tensor1d([0]), false)] as [
    Variable,
    Variable,
  ]
  applySgd({ weight, velocity, gradient: tf.tensor1d([0.5]), learningRate: tf.scalar(0.1) }, options)
  applySgd({ weight, velocity, gradient: tf.tensor1d([-0.25]), learningRate: tf.scalar(0.05) }, options)
  return [weight.dataSync()[0]!, velocity.dataSync()[0]!]
}

describe('SGD as PyTorch defines it', () => {
  it('plain: 1 - 0.1 * 0.5 + 0.05 * 0.25', () => {
    expect(twoSteps({ momentum: 0, nesterov: false, weightDecay: 0 })[0]).toBeCloseTo(0.9625, 6)
  })

  it('momentum 0.9: v = 0.5, then 0.9 * 0.5 - 0.25 = 0.2; the rate is not part of the velocity', () => {
    const [weight, velocity] = twoSteps({ momentum: 0.9, nesterov: false, weightDecay: 0 })
    expect(velocity).toBeCloseTo(0.2, 6)
    expect(weight).toBeCloseTo(1 - 0.1 * 0.5 - 0.05 * 0.2, 6)
  })

  it('Nesterov: g + 0.9 v', () => {
    const [weight] = twoSteps({ momentum: 0.9, nesterov: true, weightDecay: 0 })
    expect(weight).toBeCloseTo(1 - 0.1 * (0.5 + 0.9 * 0.5) - 0.05 * (-0.25 + 0.9 * 0.2), 6)
  })

  it('weight decay enters the gradient before the momentum', () => {
    const [weight, velocity] = twoSteps({ momentum: 0.9, nesterov: true, weightDecay: 0.2 })
    const first = 0.5 + 0.2 * 1
    const middle = 1 - 0.1 * (first + 0.9 * first)
    const second = -0.25 + 0.2 * middle
    const v = 0.9 * first + second
    expect(velocity).toBeCloseTo(v, 6)
    expect(weight).toBeCloseTo(middle - 0.05 * (second + 0.9 * v), 6)
  })
})

it('the moving average keeps its share', () => {
  const [average, value] = [tf.variable(tf.tensor1d([4]), false), tf.variable(tf.tensor1d([8]), false)] as [
    Variable,
    Variable,
  ]
  updateMovingAverage({ average, value }, 0.75)
  expect(average.dataSync()[0]).toBeCloseTo(5, 6)
})

const rounded = (values: number[]) => values.map((value) => Number(value.toFixed(6)))

describe('schedules', () => {
  const at = (schedule: TrainingSpec['schedule'], steps: number[]) => rounded(steps.map(scheduleFactor(schedule, 100)))

  it('constant and linear', () => {
    expect(at({ kind: 'constant' }, [0, 50, 100])).toEqual([1, 1, 1])
    expect(at({ kind: 'linear' }, [0, 25, 99, 100, 120])).toEqual([1, 0.75, 0.01, 0, 0])
  })

  it('cosine: full, half, a quarter before the end, nothing', () => {
    expect(at({ kind: 'cosine' }, [0, 50, 75, 100, 120])).toEqual([1, 0.5, 0.146447, 0, 0]) // (1 - sqrt(1/2)) / 2
  })

  it('7/16 of a half turn: cos(0), cos(7 pi / 32), cos(7 pi / 16)', () => {
    expect(at({ kind: 'cosine-7-16' }, [0, 50, 100])).toEqual([1, 0.77301, 0.19509])
  })

  it('steps: times the factor from each milestone on', () => {
    expect(at({ kind: 'step', milestones: [0.5, 0.75], factor: 0.1 }, [0, 49, 50, 74, 75, 99])).toEqual([
      1, 1, 0.1, 0.1, 0.01, 0.01,
    ])
  })

  it('ramps up: linear from one part, Gaussian from exp(-5)', () => {
    expect([0, 1, 2, 3, 4].map(rampUp({ shape: 'linear', length: 4 }))).toEqual([0.25, 0.5, 0.75, 1, 1])
    expect(rampUp({ shape: 'linear', length: 0 })(0)).toBe(1)
    // exp(-5), exp(-5 / 4), 1, 1
    expect(rounded([0, 40, 80, 90].map(rampUp({ shape: 'gaussian', length: 80 })))).toEqual([0.006738, 0.286505, 1, 1])
    expect(rampUp({ shape: 'gaussian', length: 0 })(0)).toBe(1)
  })

  it('ramps down: linear to one part, Gaussian to exp(-12.5), as Laine and Aila have it over 50 of 300 epochs', () => {
    expect(rounded([0, 96, 97, 99].map(rampDown({ shape: 'linear', length: 4 }, 100)))).toEqual([1, 1, 0.75, 0.25])
    const down = rampDown({ shape: 'gaussian', length: 50 }, 300)
    // exp(-12.5 / 4) in the middle; their code: exp(-(e / 2)^2 / 50) after e = 10 epochs, exp(-1/2)
    expect(rounded([0, 250, 260, 275, 300].map(down))).toEqual([1, 1, 0.606531, 0.043937, 0.000004])
  })

  it('of a spec: rate, schedule and both ramps multiplied', () => {
    const spec = {
      learningRate: 0.003,
      schedule: { kind: 'linear' },
      rampUp: { epochs: 0.5, shape: 'linear' },
      rampDown: { epochs: 2, shape: 'gaussian' },
      epochs: 10,
    } as const
    const rate = learningRateOf(spec, 20)
    expect(rate(0)).toBeCloseTo(0.003 * 0.1, 10)
    expect(rate(9)).toBeCloseTo(0.003 * (1 - 9 / 200), 10)
    expect(rate(180)).toBeCloseTo(0.003 * (1 - 180 / 200) * Math.exp(-12.5 / 4), 10)
  })
})

describe('what changes from step to step', () => {
  const spec = {
    learningRate: 0.003,
    schedule: { kind: 'constant' },
    rampUp: null,
    rampDown: { epochs: 50, shape: 'gaussian' },
    epochs: 300,
  } as const

  it('is the rate alone with SGD', () => {
    expect(stepScalars({ ...spec, optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true } }, 1)(0)).toEqual({
      learningRate: 0.003,
    })
  })

  it('with Adam the corrections 1 - beta^t, and beta1 on its way from 0.9 to 0.5 as the rate goes down', () => {
    const scalars = stepScalars(
      { ...spec, optimizer: { kind: 'adam', beta1: 0.9, beta1End: 0.5, beta2: 0.999, epsilon: 1e-8 } },
      1,
    )
    expect(scalars(0)).toEqual({
      learningRate: 0.003,
      beta1: 0.9,
      correction1: expect.closeTo(0.1, 12) as number,
      correction2: expect.closeTo(0.001, 12) as number,
    })
    expect(scalars(1)).toMatchObject({
      beta1: 0.9,
      correction1: expect.closeTo(0.19, 12) as number,
      correction2: expect.closeTo(0.001999, 12) as number,
    })
    // exp(-1/2) = 0.606531 ten epochs into the ramp: 0.606531 * 0.9 + 0.393469 * 0.5
    expect(scalars(260)).toMatchObject({
      learningRate: expect.closeTo(0.003 * 0.606531, 8) as number,
      beta1: expect.closeTo(0.742612, 6) as number,
    })
  })
})

it('gradients are clipped by their common norm: (3, 4) and (12) have 13', () => {
  const gradients = [tf.tensor1d([3, 4]), tf.tensor1d([12])]
  const clipped = clipGradients(gradients, 6.5).flatMap((one) => [...one.dataSync()])
  clipped.forEach((value, i) => expect(value).toBeCloseTo([1.5, 2, 6][i]!, 5))
  expect(clipGradients(gradients, 13.1).flatMap((one) => [...one.dataSync()])).toEqual([3, 4, 12])
})
