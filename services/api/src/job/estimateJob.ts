import { networks, stepCost, trainingParts, type Estimate, type TrainingSpec } from '@imclr/contract'
import { inputSize, type SpecVersion } from './checkSpec.js'

/**
 * Multiply-adds per second in training where nothing was measured yet: a cautious number for two cores (ResNet-20 at 150
 * images per second, as two cores with AVX2 do it, are 18e9; small networks and slower machines stay below).
 */
const assumed = 1e10
/** Start of the process, first recording of the step, export. */
const overheadSeconds = 15
/** 19 corruptions x 5 severities, and the time that one core takes to corrupt a million pixels, measured over all of them. */
const corruptionCells = 95
const secondsPerCorruptedMegapixel = 0.2

/**
 * How long a training will take: multiply-adds over what this service's last jobs reached, and the evaluation after it.
 *
 * @param measured multiply-adds per second of training, `null` where no job has succeeded yet
 */
export function estimateJob(spec: TrainingSpec, version: SpecVersion, measured: number | null): Estimate {
  const pixels = inputSize(spec, version)
  const forward = networks[spec.network].multiplyAdds * (pixels.height * pixels.width) / (32 * 32)
  const parts = trainingParts(spec, version.counts.train)
  const trained = forward * (stepCost(spec) * parts.train + parts.validation) * spec.epochs
  const corruptionImages = corruptedImages(spec, version)
  const evaluated = forward * (version.counts.test + corruptionImages * corruptionCells)
  const corrupting = corruptionImages * corruptionCells * (version.picture.height * version.picture.width / 1e6) * secondsPerCorruptedMegapixel
  const seconds = Math.ceil((trained + evaluated) / (measured ?? assumed) + corrupting + overheadSeconds)
  return measured === null
    ? { seconds, basis: 'assumed', note: 'No job has succeeded here yet: the speed of two cores of a current CPU is assumed' }
    : { seconds, basis: 'measured', note: 'From the speed that the last jobs reached on this service' }
}

function corruptedImages({ evaluation: { corruptionImages } }: TrainingSpec, { counts }: SpecVersion): number {
  if (corruptionImages === 'none') return 0
  return corruptionImages === 'all' ? counts.test : Math.min(corruptionImages, counts.test)
}
