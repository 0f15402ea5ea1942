/** How steady predictions are over sequences of slightly changed pictures. Hendrycks and Dietterich 2019 (arXiv 1903.12261), section 4. */
import { meanOfRatios } from './corruptionErrors.js'

/** What a frame's prediction is set against: noise frames are all as far from the first one, the others go on from frame to frame. */
export type ComparedWith = 'first' | 'previous'

/**
 * The mean over sequences of the share of frames, from the second on, whose predicted class differs from that of the first or the previous frame.
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
  return flips / ((predicted.length / frames) * (frames - 1)) // all sequences are of one length, so the mean of shares is the share
}

export interface SequenceFlips {
  perturbation: string
  /** Whether it is one of the 10 of the benchmark; the 4 extra ones count in no mean. */
  benchmark: boolean
  flipProbability: number
}

/** Unnormalised (mFP): the mean flip probability over the benchmark's perturbations. */
export function meanFlipProbability(sequences: readonly SequenceFlips[]): number {
  const counted = sequences.filter(({ benchmark }) => benchmark)
  if (counted.length === 0) throw new RangeError('meanFlipProbability needs at least one perturbation of the benchmark')
  return counted.reduce((sum, { flipProbability }) => sum + flipProbability, 0) / counted.length
}

export interface MeanFlipRate {
  /** Mean over the benchmark's perturbations of FP(model) / FP(reference); null where no perturbation has such a ratio. */
  mFR: number | null
  /** All perturbations, the extra ones too; null where the reference never flips. */
  perPerturbation: { perturbation: string; flipRate: number | null }[]
  /** Perturbations of the benchmark that are not in the mean, because the reference never flips. */
  leftOut: string[]
}

/** FR and mFR against a named reference model, as ratios. @throws RangeError when the reference lacks a perturbation */
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
