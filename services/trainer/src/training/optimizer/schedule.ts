/** The learning rate: pure functions of the step, counted from 0. */
import type { TrainingSpec } from '@imclr/contract'
import { rampDown, rampUp } from './ramp.js'
import type { Factor, Ramp } from './ramp.js'

export type ScheduleSpec = Pick<TrainingSpec, 'learningRate' | 'schedule' | 'rampUp' | 'rampDown' | 'epochs'>

/** What a schedule makes of a rate of one over `steps`. */
export function scheduleFactor(schedule: TrainingSpec['schedule'], steps: number): Factor {
  const passed = (step: number) => Math.min(step, steps) / steps
  switch (schedule.kind) {
    case 'constant':
      return () => 1
    case 'linear':
      return (step) => 1 - passed(step)
    case 'cosine': // Loshchilov and Hutter 2017, without restarts
      return (step) => (1 + Math.cos(Math.PI * passed(step))) / 2
    case 'cosine-7-16': // Sohn et al. 2020
      return (step) => Math.cos((7 / 16) * Math.PI * passed(step))
    case 'step':
      return (step) =>
        schedule.factor ** schedule.milestones.filter((milestone) => step >= Math.round(milestone * steps)).length
  }
}

/** The ramp down that a spec asks for; one throughout without. Adam's `beta1` follows it too. */
export function rampDownOf(
  { rampDown: ramp, epochs }: Pick<ScheduleSpec, 'rampDown' | 'epochs'>,
  stepsPerEpoch: number,
): Factor {
  return ramp === null ? () => 1 : rampDown(inSteps(ramp, stepsPerEpoch), epochs * stepsPerEpoch)
}

/** The learning rate that a spec asks for. */
export function learningRateOf(spec: ScheduleSpec, stepsPerEpoch: number): (step: number) => number {
  const factors = [scheduleFactor(spec.schedule, spec.epochs * stepsPerEpoch), rampDownOf(spec, stepsPerEpoch)]
  if (spec.rampUp !== null) factors.push(rampUp(inSteps(spec.rampUp, stepsPerEpoch)))
  return (step) => factors.reduce((rate, factor) => rate * factor(step), spec.learningRate)
}

const inSteps = ({ shape, epochs }: Ramp, stepsPerEpoch: number) => ({
  shape,
  length: Math.round(epochs * stepsPerEpoch),
})
