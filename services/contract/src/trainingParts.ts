import type { TrainingSpec } from './trainingSpec.js'

/** Of the training images of a version, how many a job trains on and how many it holds back to choose the best epoch by. */
export function trainingParts({ trainImages, validation }: Pick<TrainingSpec, 'trainImages' | 'validation'>, available: number): { train: number; validation: number } {
  const budget = Math.min(trainImages ?? available, available)
  const held = validation === null ? 0 : (validation.images ?? Math.round(validation.fraction! * budget))
  return { train: budget - held, validation: held }
}
