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

/** A spec as it is run on so many training images: a batch has no more than there are to train on. */
export const fitSpec = (spec: TrainingSpec, available: number): TrainingSpec => ({ ...spec, batchSize: Math.min(spec.batchSize, Math.max(1, trainingParts(spec, available).train)) })
