import type { SemiSupervised } from '@imclr/contract'
import { rampUp } from './ramp.js'

/**
 * What the term of the unlabelled images is multiplied by in a step, counted from 0, and how far the ramp has come.
 * @param steps of the whole training
 */
export function unlabelledWeight(
  { weight, rampUp: ramp }: SemiSupervised,
  steps: number,
): (step: number) => { ramp: number; weight: number } {
  const factor = ramp === null ? () => 1 : rampUp({ shape: ramp.shape, length: Math.round(ramp.fraction * steps) })
  return (step) => ({ ramp: factor(step), weight: weight * factor(step) })
}
