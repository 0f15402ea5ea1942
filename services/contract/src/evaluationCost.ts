import { corruptionCells } from './corruption.js'
import type { EvaluationSpec } from './trainingSpec.js'

/** Number of frames in the 14 perturbation sequences of one image. Larger images have a few more. */
const sequenceFrames = 409
/** Seconds that one core takes to change a million pixels, measured over all corruptions. */
const secondsPerMegapixel = 0.2

export interface EvaluatedPictures {
  /** Number of test images. */
  images: number
  picture: { height: number; width: number }
}

/**
 * The cost of an evaluation: how many pictures the model answers, and how many seconds one core takes to corrupt and
 * perturb the changed ones.
 */
export function evaluationCost(
  { corruptionImages, perturbationImages }: Pick<EvaluationSpec, 'corruptionImages' | 'perturbationImages'>,
  { images, picture: { height, width } }: EvaluatedPictures,
): { pictures: number; changingSeconds: number } {
  const some = (wanted: number | 'all' | 'none'): number =>
    wanted === 'none' ? 0 : wanted === 'all' ? images : Math.min(wanted, images)
  const changed = some(corruptionImages) * corruptionCells + some(perturbationImages) * sequenceFrames
  return { pictures: images + changed, changingSeconds: changed * ((height * width) / 1e6) * secondsPerMegapixel }
}
