import { median, picturesPerInput, stepCost } from '@imclr/contract'
import type { DatasetManifest, TrainingPosition, TrainingSpec } from '@imclr/contract'

/** Seconds of one core to corrupt one 32x32 image once, measured over all corruptions; it grows with the pixels. */
const corruptionSeconds = 2e-4
const corruptions = 19
const severities = 5
/** Of an image's 14 perturbation sequences; larger images have some more. */
const frames = 409

export interface Throughput {
  /** Measured, wall clock, data included. */
  secondsPerStep: number
  stepsLeft: number
  /** Inputs per step. */
  batchSize: number
}

/** Seconds until the job is done: what is left of the training, and the evaluation after it. */
export function timeLeft(spec: TrainingSpec, dataset: DatasetManifest, { secondsPerStep, stepsLeft, batchSize }: Throughput): number {
  const { corruptionImages, perturbationImages } = spec.evaluation
  const tested = dataset.splits.test.count
  const some = (wanted: number | 'all' | 'none') => (wanted === 'none' ? 0 : Math.min(tested, wanted === 'all' ? tested : wanted))
  const corrupted = some(corruptionImages) * corruptions * severities + some(perturbationImages) * frames
  const pictures = picturesPerInput(spec)
  const perInput = secondsPerStep / batchSize / stepCost(spec) * (pictures.tested / pictures.trained)
  const forward = (tested + corrupted) * perInput
  const pixels = (dataset.picture.height * dataset.picture.width) / 1024
  return stepsLeft * secondsPerStep + forward + corrupted * pixels * corruptionSeconds
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
export function multiplyAddsPerSecond({ multiplyAdds }: { multiplyAdds: number }, { spec, dataset: { picture }, trained: { history, sums } }: Trained): number {
  const perInput = (stepCost(spec) * multiplyAdds * picture.height * picture.width * picturesPerInput(spec).trained) / 1024
  // The median: the first epoch has the slow first step in it.
  const inputsPerSecond = median(history.map(({ imagesPerSecond }) => imagesPerSecond)) ?? sums.inputs / sums.seconds
  return inputsPerSecond * perInput
}
