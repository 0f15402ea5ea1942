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

interface Trained {
  spec: TrainingSpec
  dataset: DatasetManifest
  trained: TrainingPosition
}

/**
 * Speed of training for the estimates of later jobs: multiply-adds per second, data included. The table's number is of one 32x32
 * image, stacking makes an input longer.
 */
export function multiplyAddsPerSecond(
  { multiplyAdds }: { multiplyAdds: number },
  { spec, dataset: { picture }, trained: { history, sums } }: Trained,
): number {
  const perInput =
    (stepCost(spec) * multiplyAdds * picture.height * picture.width * picturesPerInput(spec).trained) / 1024
  // The median: the first epoch has the slow first step in it.
  const inputsPerSecond = median(history.map(({ imagesPerSecond }) => imagesPerSecond)) ?? sums.inputs / sums.seconds
  return inputsPerSecond * perInput
}
