/**
 * Factors between zero and one that go up over the first steps or down over the last: pure functions of the step,
 * counted from 0.
 */
import type { TrainingSpec } from '@imclr/contract'

export type Ramp = NonNullable<TrainingSpec['rampUp']>
export type Factor = (step: number) => number

export interface RampLength {
  shape: Ramp['shape']
  /** How many steps it lasts. */
  length: number
}

/**
 * From zero to one over the first `length` steps, then one. Linear: the first step has one part of `length`, the last
 * of them all (Goyal et al. 2017, warm-up). Gaussian: exp(-5 (1 - t)^2), t going from 0 to 1 (Laine and Aila 2017).
 */
export function rampUp({ shape, length }: RampLength): Factor {
  if (shape === 'linear') return (step) => Math.min(1, (step + 1) / Math.max(1, length))
  return (step) => Math.exp(-5 * (1 - share(step, length)) ** 2)
}

/**
 * One, then down towards zero over the last `length` of all `steps`. Linear: the last step has one part of `length`.
 * Gaussian: exp(-12.5 t^2), t going from 0 to 1 (Laine and Aila 2017; their code divides otherwise, which is the same
 * at their 50 epochs alone).
 */
export function rampDown({ shape, length }: RampLength, steps: number): Factor {
  const since = (step: number) => share(Math.max(0, step - (steps - length)), length)
  return shape === 'linear' ? (step) => 1 - since(step) : (step) => Math.exp(-12.5 * since(step) ** 2)
}

const share = (step: number, length: number) => (length === 0 ? 1 : Math.min(1, step / length))
