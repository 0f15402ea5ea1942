import type { TrainingSpec } from '@imclr/contract'
import { adamScalars } from './adam.js'
import { learningRateOf, rampDownOf } from './schedule.js'
import type { ScheduleSpec } from './schedule.js'
import { unlabelledWeight } from './unlabelledWeight.js'

/**
 * The numbers that the recipe changes from step to step. They are inputs of the recorded step, so that one recording
 * serves all steps. `unlabelledRamp` alone is no input: it is only reported.
 */
export type StepScalars = Readonly<Record<string, number>> & { readonly learningRate: number }

/**
 * The scalars of a step, counted from 0. They are a function of the step's number alone, so a resumed run has the same
 * ones.
 */
export function stepScalars(
  spec: ScheduleSpec & Pick<TrainingSpec, 'optimizer'> & Partial<Pick<TrainingSpec, 'semiSupervised'>>,
  stepsPerEpoch: number,
): (step: number) => StepScalars {
  const { optimizer, semiSupervised = null } = spec
  const learningRate = learningRateOf(spec, stepsPerEpoch)
  const down = rampDownOf(spec, stepsPerEpoch)
  const usual = (step: number) => ({
    learningRate: learningRate(step),
    ...(optimizer.kind !== 'sgd' && adamScalars(optimizer, { step, down: down(step) })),
  })
  if (semiSupervised === null) return usual
  const weightAt = unlabelledWeight(semiSupervised, spec.epochs * stepsPerEpoch)
  return (step) => {
    const { weight, ramp } = weightAt(step)
    return { ...usual(step), unlabelledWeight: weight, unlabelledRamp: ramp }
  }
}
