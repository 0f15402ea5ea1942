import type { UnlabelledSource } from './semiSupervised.js'
import type { TrainingSpec } from './trainingSpec.js'

/** Of the training images of a version, how many a job trains on and how many it holds back to choose the best epoch by. */
export function trainingParts({ trainImages, validation }: Pick<TrainingSpec, 'trainImages' | 'validation'>, available: number): { train: number; validation: number } {
  const budget = Math.min(trainImages ?? available, available)
  const held = validation === null ? 0 : (validation.images ?? Math.round(validation.fraction! * budget))
  return { train: budget - held, validation: held }
}

/** How many images without labels each source has. */
export function unlabelledParts(spec: Pick<TrainingSpec, 'trainImages' | 'validation'>, { train: available, unlabelled }: { train: number; unlabelled: number }): Record<UnlabelledSource, number> {
  const { train: labelled, validation } = trainingParts(spec, available)
  return { unlabelled, 'left-over': available - labelled - validation, labelled }
}
