import { corruptionCells } from './corruption.js'
import type { EvaluationSpec } from './trainingSpec.js'

/** Of an image's 14 perturbation sequences; larger images have some more. */
const sequenceFrames = 409
/** Of one core, to change a million pixels: measured over all corruptions. */
const secondsPerMegapixel = 0.2

export interface EvaluatedPictures {
  /** Test images. */
  images: number
  picture: { height: number; width: number }
}

/** What an evaluation takes: how many pictures a model answers, and the seconds of one core in which they are corrupted and perturbed. */
export function evaluationCost(
  { corruptionImages, perturbationImages }: Pick<EvaluationSpec, 'corruptionImages' | 'perturbationImages'>,
  { images, picture: { height, width } }: EvaluatedPictures,
): { pictures: number; changingSeconds: number } {
  const some = (wanted: number | 'all' | 'none'): number =>
    wanted === 'none' ? 0 : wanted === 'all' ? images : Math.min(wanted, images)
  const changed = some(corruptionImages) * corruptionCells + some(perturbationImages) * sequenceFrames
  return { pictures: images + changed, changingSeconds: changed * ((height * width) / 1e6) * secondsPerMegapixel }
}
