import { networks, type Estimate, type TrainingSpec } from '@imclr/contract'
import { inputSize, type SpecVersion } from './checkSpec.js'

/**
 * Multiply-adds per second in training where nothing was measured yet: a cautious number for two cores (ResNet-20 at 150
 * images per second, as two cores with AVX2 do it, are 18e9; small networks and slower machines stay below).
 */
const assumed = 1e10
/** Start of the process, first recording of the step, export. */
const overheadSeconds = 15
/** 19 corruptions x 5 severities, the frames of 14 sequences, and the time that one core takes to corrupt a million pixels, measured over all of them. */
const corruptionCells = 95
const sequenceFrames = 409
const secondsPerCorruptedMegapixel = 0.2

/**
 * How long a training will take: multiply-adds (three forward passes' worth per image: forward, gradient of inputs,
 * gradient of weights) over what this service's last jobs reached, and the evaluation after it.
 *
 * @param measured multiply-adds per second of training, `null` where no job has succeeded yet
 */
export function estimateJob(spec: TrainingSpec, version: SpecVersion, measured: number | null): Estimate {
  const pixels = inputSize(spec, version)
  const forward = networks[spec.network].multiplyAdds * (pixels.height * pixels.width) / (32 * 32)
  const trained = 3 * forward * (spec.trainImages ?? version.counts.train) * spec.epochs
  const { corruptionImages, perturbationImages } = spec.evaluation
  const changed = imagesOf(corruptionImages, version) * corruptionCells + imagesOf(perturbationImages, version) * sequenceFrames
  const evaluated = forward * (version.counts.test + changed)
  const corrupting = changed * (version.picture.height * version.picture.width / 1e6) * secondsPerCorruptedMegapixel
  const seconds = Math.ceil((trained + evaluated) / (measured ?? assumed) + corrupting + overheadSeconds)
  return measured === null
    ? { seconds, basis: 'assumed', note: 'No job has succeeded here yet: the speed of two cores of a current CPU is assumed' }
    : { seconds, basis: 'measured', note: 'From the speed that the last jobs reached on this service' }
}

const imagesOf = (wanted: number | 'all' | 'none', { counts }: SpecVersion): number => (wanted === 'none' ? 0 : wanted === 'all' ? counts.test : Math.min(wanted, counts.test))
