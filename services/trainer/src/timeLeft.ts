import { networks, stackedImages, stepCost } from '@imclr/contract'
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
  const forward = ((tested + corrupted) / batchSize) * secondsPerStep / stepCost(spec)
  const pixels = (dataset.picture.height * dataset.picture.width) / 1024
  return stepsLeft * secondsPerStep + forward + corrupted * pixels * corruptionSeconds
}

/**
 * Speed of training for the estimates of later jobs: multiply-adds per second, data included. The table's number is of one 32x32
 * image, stacking makes an input longer.
 */
export function multiplyAddsPerSecond(spec: TrainingSpec, { picture }: DatasetManifest, { history, sums }: TrainingPosition): number {
  const perInput = (stepCost(spec) * networks[spec.network].multiplyAdds * picture.height * picture.width * stackedImages(spec)) / 1024
  // The median: the first epoch has the slow first step in it.
  const speeds = history.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b)
  const inputsPerSecond = speeds[speeds.length >> 1] ?? sums.inputs / sums.seconds
  return inputsPerSecond * perInput
}
