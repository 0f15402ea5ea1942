import { describe, expect, it } from 'vitest'
import { updateMovingAverage } from '../../../services/trainer/src/optimizer/movingAverage.js'
import { cosineSchedule, scheduleOf, stepSchedule, withWarmup } from '../../../services/trainer/src/optimizer/schedule.js'
import { applySgd, type SgdOptions } from '../../../services/trainer/src/optimizer/sgd.js'
import { tf, type Variable } from '../../../services/trainer/src/tf.js'

/** Two steps from w = 1, v = 0 with gradients 0.5 and -0.25 at rates 0.1 and 0.05. */
function twoSteps(options: SgdOptions): [number, number] {
  const [weight, velocity] = [tf.variable(tf.tensor1d([1]), false), tf.variable(tf.tensor1d([0]), false)] as [Variable, Variable]
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
  const [average, value] = [tf.variable(tf.tensor1d([4]), false), tf.variable(tf.tensor1d([8]), false)] as [Variable, Variable]
  updateMovingAverage({ average, value }, 0.75)
  expect(average.dataSync()[0]).toBeCloseTo(5, 6)
})

describe('schedules', () => {
  it('cosine: full, half, a quarter before the end, nothing', () => {
    const rate = cosineSchedule({ rate: 0.2, steps: 100 })
    expect([0, 50, 75, 100, 120].map(rate).map((value) => Number(value.toFixed(6)))).toEqual([0.2, 0.1, 0.029289, 0, 0]) // 0.1 (1 - sqrt(1/2))
  })

  it('steps: times the factor from each milestone on', () => {
    const rate = stepSchedule({ rate: 1, steps: 100, milestones: [0.5, 0.75], factor: 0.1 })
    expect([0, 49, 50, 74, 75, 99].map(rate).map((value) => Number(value.toFixed(6)))).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01])
  })

  it('warm-up: linear from one part, then the schedule itself', () => {
    const rate = withWarmup(() => 1, 4)
    expect([0, 1, 2, 3, 4].map(rate)).toEqual([0.25, 0.5, 0.75, 1, 1])
    expect(withWarmup(() => 1, 0)(0)).toBe(1)
  })

  it('of a spec', () => {
    const rate = scheduleOf({ learningRate: 0.1, schedule: { kind: 'cosine' }, epochs: 10, warmupEpochs: 0.5 }, 20)
    expect(rate(0)).toBeCloseTo(0.01, 5)
    expect(rate(100)).toBeCloseTo(0.05, 6)
    expect(rate(199)).toBeGreaterThan(0)
  })
})
