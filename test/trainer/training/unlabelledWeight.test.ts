import { semiSupervised, trainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { stepScalars, unlabelledWeight } from '@imclr/trainer/training/testing'

describe('the weight of the unlabelled term', () => {
  it('goes up in a straight line over 40 % of the steps, then stays: the modern recipe', () => {
    const at = unlabelledWeight(semiSupervised.parse({ method: 'pi-model' }), 50)
    // 20 steps of a twentieth each, of ten.
    expect([0, 1, 9, 18, 19, 20, 49].map((step) => at(step).weight)).toEqual(
      [0.5, 1, 5, 9.5, 10, 10, 10].map((weight) => expect.closeTo(weight, 12) as number),
    )
    expect([0, 9, 19, 49].map((step) => at(step).ramp)).toEqual([0.05, 0.5, 1, 1])
  })

  it('goes up by exp(-5 (1 - t / T)^2) to 100 over 80 of 300 epochs: Laine and Aila', () => {
    const at = unlabelledWeight(
      semiSupervised.parse({
        method: 'pi-model',
        target: 'attached',
        batch: 'joint',
        weight: 100,
        rampUp: { fraction: 80 / 300, shape: 'gaussian' },
      }),
      300,
    )
    // exp(-5) = 0.00673795, exp(-1.25) = 0.28650480, exp(-5 / 16) = 0.73161563, 1.
    expect([0, 40, 60, 80, 299].map((step) => at(step).weight)).toEqual(
      [0.673795, 28.65048, 73.161563, 100, 100].map((weight) => expect.closeTo(weight, 5) as number),
    )
  })

  it('is full from the first step without a ramp', () => {
    expect(unlabelledWeight(semiSupervised.parse({ method: 'pseudo-label', rampUp: null }), 50)(0)).toEqual({
      ramp: 1,
      weight: 1,
    })
  })

  it('is a scalar of the step beside the learning rate, and only where unlabelled images are asked for', () => {
    const spec = trainingSpec.parse({ epochs: 10, semiSupervised: { method: 'mean-teacher' }, emaDecay: 0.999 })
    expect(stepScalars(spec, 5)(9)).toMatchObject({ unlabelledWeight: 25, unlabelledRamp: 0.5 })
    expect(Object.keys(stepScalars(trainingSpec.parse({}), 5)(9))).toEqual(['learningRate'])
  })
})
