import type { SemiSupervised } from '@imclr/contract'
import { rampUp } from './ramp.js'

export interface UnlabelledWeightOptions {
  /** Of the whole training. */
  steps: number
  /** Labelled ones of all images that are learnt from, in (0, 1]. */
  labelledShare: number
}

/** What the term of the unlabelled images is multiplied by in a step, counted from 0, and how far the ramp has come. */
export function unlabelledWeight({ weight, weightTimesLabelledShare, rampUp: ramp }: SemiSupervised, { steps, labelledShare }: UnlabelledWeightOptions): (step: number) => { ramp: number; weight: number } {
  const whole = weight * (weightTimesLabelledShare ? labelledShare : 1)
  const factor = ramp === null ? () => 1 : rampUp({ shape: ramp.shape, length: Math.round(ramp.fraction * steps) })
  return (step) => ({ ramp: factor(step), weight: whole * factor(step) })
}
