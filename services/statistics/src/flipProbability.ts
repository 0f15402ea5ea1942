/**
 * How steady predictions are over sequences of slightly changed pictures. Source: Hendrycks and Dietterich 2019 (arXiv
 * 1903.12261), section 4.
 */
import { meanOfRatios } from './corruptionErrors.js'

/**
 * The frame whose prediction a frame's prediction is compared with. All noise frames are equally far from the first
 * frame; in the other sequences each frame continues the previous one.
 */
export type ComparedWith = 'first' | 'previous'

/**
 * For each sequence, the share of frames (from the second on) whose predicted class differs from that of the first or
 * the previous frame. Returns the mean of these shares over the sequences.
 *
 * @param predicted `[sequences, frames]`
 */
export function flipProbability(predicted: ArrayLike<number>, frames: number, comparedWith: ComparedWith): number {
  if (frames < 2 || predicted.length === 0 || predicted.length % frames !== 0)
    throw new RangeError(`${predicted.length} predictions are no sequences of ${frames} frames`)
  let flips = 0
  for (let start = 0; start < predicted.length; start += frames) {
    for (let frame = 1; frame < frames; frame++) {
      const before = comparedWith === 'first' ? start : start + frame - 1
      if (predicted[start + frame] !== predicted[before]) flips++
    }
  }
  // All sequences have one length, so the mean of the shares equals the share over all.
  return flips / ((predicted.length / frames) * (frames - 1))
}

export interface SequenceFlips {
  perturbation: string
  /** Whether the perturbation is one of the benchmark's 10. No mean counts the 4 extra ones. */
  benchmark: boolean
  flipProbability: number
}

/** mFP: the unnormalised mean flip probability over the benchmark's perturbations. */
export function meanFlipProbability(sequences: readonly SequenceFlips[]): number {
  const counted = sequences.filter(({ benchmark }) => benchmark)
  if (counted.length === 0) throw new RangeError('meanFlipProbability needs at least one perturbation of the benchmark')
  return counted.reduce((sum, { flipProbability }) => sum + flipProbability, 0) / counted.length
}

export interface MeanFlipRate {
  /** Mean over the benchmark's perturbations of FP(model) / FP(reference). Null if no perturbation has such a ratio. */
  mFR: number | null
  /** All perturbations, with the extra ones. `flipRate` is null if the reference never flips. */
  perPerturbation: { perturbation: string; flipRate: number | null }[]
  /** The benchmark's perturbations that the mean leaves out because the reference never flips. */
  leftOut: string[]
}

/**
 * FR and mFR relative to a named reference model, as ratios.
 *
 * @throws RangeError when the reference lacks a perturbation
 */
export function meanFlipRate(model: readonly SequenceFlips[], reference: readonly SequenceFlips[]): MeanFlipRate {
  const others = new Map(reference.map(({ perturbation, flipProbability }) => [perturbation, flipProbability]))
  const rows = model.map(({ perturbation, benchmark, flipProbability }) => {
    const other = others.get(perturbation)
    if (other === undefined) throw new RangeError(`the reference report has no perturbation ${perturbation}`)
    return { perturbation, benchmark, flipRate: other > 0 ? flipProbability / other : null }
  })
  const counted = rows.filter(({ benchmark }) => benchmark)
  return {
    mFR: meanOfRatios(counted.map(({ flipRate }) => flipRate)),
    perPerturbation: rows.map(({ perturbation, flipRate }) => ({ perturbation, flipRate })),
    leftOut: counted.filter(({ flipRate }) => flipRate === null).map(({ perturbation }) => perturbation),
  }
}
