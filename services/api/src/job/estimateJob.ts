import { networks, stepCost, trainingParts, type Estimate, type EvaluationSpec, type TrainingSpec } from '@imclr/contract'
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
 * How long a training will take: multiply-adds over what this service's last jobs reached, and the evaluation after it.
 *
 * @param measured multiply-adds per second of training, `null` where no job has succeeded yet
 */
export function estimateJob(spec: TrainingSpec, version: SpecVersion, measured: number | null): Estimate {
  const parts = trainingParts(spec, version.counts.train)
  const trained = forwardCost(spec, version) * (stepCost(spec) * parts.train + parts.validation) * spec.epochs
  return estimateOf(trained / (measured ?? assumed) + evaluationSeconds(spec, spec.evaluation, { version, measured }), measured)
}

export interface Evaluated {
  /** Of the training of the model. */
  spec: TrainingSpec
  options: EvaluationSpec
  /** 2 where a reference is measured too. */
  models: number
}

/** How long an evaluation will take. */
export function estimateEvaluation({ spec, options, models }: Evaluated, version: SpecVersion, measured: number | null): Estimate {
  return estimateOf(models * evaluationSeconds(spec, options, { version, measured }), measured)
}

function estimateOf(seconds: number, measured: number | null): Estimate {
  const whole = Math.ceil(seconds + overheadSeconds)
  return measured === null
    ? { seconds: whole, basis: 'assumed', note: 'No job has succeeded here yet: the speed of two cores of a current CPU is assumed' }
    : { seconds: whole, basis: 'measured', note: 'From the speed that the last jobs reached on this service' }
}

/** Multiply-adds of one forward pass. */
function forwardCost(spec: TrainingSpec, version: SpecVersion): number {
  const pixels = inputSize(spec, version)
  return networks[spec.network].multiplyAdds * (pixels.height * pixels.width) / (32 * 32)
}

function evaluationSeconds(spec: TrainingSpec, { corruptionImages, perturbationImages }: EvaluationSpec, { version, measured }: { version: SpecVersion; measured: number | null }): number {
  const { counts, picture: { height, width } } = version
  const some = (wanted: number | 'all' | 'none'): number => (wanted === 'none' ? 0 : wanted === 'all' ? counts.test : Math.min(wanted, counts.test))
  const changed = some(corruptionImages) * corruptionCells + some(perturbationImages) * sequenceFrames
  return forwardCost(spec, version) * (counts.test + changed) / (measured ?? assumed) + changed * (height * width / 1e6) * secondsPerCorruptedMegapixel
}
