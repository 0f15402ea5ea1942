/** Learning-rate schedules: pure functions from the step, counted from 0, to the rate. */

export type Schedule = (step: number) => number

/** From `rate` to zero by half a cosine (Loshchilov and Hutter 2017, without restarts). */
export const cosineSchedule = ({ rate, steps }: { rate: number; steps: number }): Schedule => (step) => (rate / 2) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))

/** `rate`, multiplied by `factor` at each milestone, given as fractions of all steps. */
export const stepSchedule = ({ rate, steps, milestones, factor }: { rate: number; steps: number; milestones: readonly number[]; factor: number }): Schedule =>
  (step) => rate * factor ** milestones.filter((milestone) => step >= Math.round(milestone * steps)).length

/** Linear growth over the first `warmup` steps, reaching the schedule's own value with step `warmup - 1` (Goyal et al. 2017). */
export const withWarmup = (schedule: Schedule, warmup: number): Schedule => (step) => schedule(step) * Math.min(1, (step + 1) / Math.max(1, warmup))

export interface ScheduleSpec {
  learningRate: number
  schedule: { kind: 'cosine' } | { kind: 'step'; milestones: readonly number[]; factor: number }
  epochs: number
  warmupEpochs: number
}

/** The schedule that a training spec asks for. */
export function scheduleOf({ learningRate, schedule, epochs, warmupEpochs }: ScheduleSpec, stepsPerEpoch: number): Schedule {
  const steps = epochs * stepsPerEpoch
  const base = schedule.kind === 'cosine' ? cosineSchedule({ rate: learningRate, steps }) : stepSchedule({ rate: learningRate, steps, milestones: schedule.milestones, factor: schedule.factor })
  return withWarmup(base, Math.round(warmupEpochs * stepsPerEpoch))
}
