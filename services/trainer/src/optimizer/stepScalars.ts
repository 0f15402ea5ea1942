import type { TrainingSpec } from '@imclr/contract'
import { adamScalars } from './adam.js'
import { learningRateOf, rampDownOf } from './schedule.js'
import type { ScheduleSpec } from './schedule.js'

/** The numbers that differ from step to step by the recipe alone. They are inputs of the recorded step, which is recorded once. */
export type StepScalars = Readonly<Record<string, number>> & { readonly learningRate: number }

/** The scalars of each step, counted from 0: a pure function of it, so a run that goes on anywhere has the same. */
export function stepScalars(spec: ScheduleSpec & Pick<TrainingSpec, 'optimizer'>, stepsPerEpoch: number): (step: number) => StepScalars {
  const { optimizer } = spec
  const learningRate = learningRateOf(spec, stepsPerEpoch)
  if (optimizer.kind === 'sgd') return (step) => ({ learningRate: learningRate(step) })
  const down = rampDownOf(spec, stepsPerEpoch)
  return (step) => ({ learningRate: learningRate(step), ...adamScalars(optimizer, { step, down: down(step) }) })
}
