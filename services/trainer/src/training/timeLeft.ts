import { evaluationCost, picturesPerInput, stepCost } from '@imclr/contract'
import { median } from '@imclr/statistics'
import type { DatasetManifest, TrainingPosition, TrainingSpec } from '@imclr/contract'

export interface Throughput {
  /** Measured, wall clock, data included. */
  secondsPerStep: number
  stepsLeft: number
  /** Inputs per step. */
  batchSize: number
}

/** Seconds until the job is done: the rest of the training, and the evaluation after it. */
export function timeLeft(
  spec: TrainingSpec,
  dataset: DatasetManifest,
  { secondsPerStep, stepsLeft, batchSize }: Throughput,
): number {
  const { pictures, changingSeconds } = evaluationCost(spec.evaluation, {
    images: dataset.splits.test.count,
    picture: dataset.picture,
  })
  const { tested, trained } = picturesPerInput(spec)
  const perPicture = (secondsPerStep / batchSize / stepCost(spec)) * (tested / trained)
  return stepsLeft * secondsPerStep + pictures * perPicture + changingSeconds
}

interface Measured {
  spec: TrainingSpec
  picture: { height: number; width: number }
  /** Data included. */
  inputsPerSecond: number
}

/**
 * Returns the speed of training for the estimates of later jobs: multiply-adds per second. The table's number is of one
 * 32x32 image. Stacking makes an input longer.
 */
export const multiplyAddsPerSecond = (
  { multiplyAdds }: { multiplyAdds: number },
  { spec, picture: { height, width }, inputsPerSecond }: Measured,
): number => (inputsPerSecond * stepCost(spec) * multiplyAdds * height * width * picturesPerInput(spec).trained) / 1024

interface Trained {
  spec: TrainingSpec
  dataset: DatasetManifest
  trained: TrainingPosition
}

/** Returns the speed that a training reached, in multiply-adds per second. */
export function speedOf(network: { multiplyAdds: number }, { spec, dataset: { picture }, trained }: Trained): number {
  const { history, sums } = trained
  // The median: the first epoch has the slow first step in it.
  const inputsPerSecond = median(history.map(({ imagesPerSecond }) => imagesPerSecond)) ?? sums.inputs / sums.seconds
  return multiplyAddsPerSecond(network, { spec, picture, inputsPerSecond })
}
