import {
  evaluationCost,
  picturesPerInput,
  stepCost,
  trainingParts,
  type Estimate,
  type EvaluationSpec,
  type TrainingSpec,
} from '@imclr/contract'
import type { SpecVersion } from './checkSpec.js'
import type { SpecNetwork } from './holdNetwork.js'

/**
 * Multiply-adds per second in training where nothing was measured yet: a cautious number for two cores (ResNet-20 at 150
 * images per second, as two cores with AVX2 do it, are 18e9; small networks and slower machines stay below).
 */
const assumed = 1e10
/** Start of the process, first recording of the step, export. */
const overheadSeconds = 15

export interface Speed {
  network: Pick<SpecNetwork, 'multiplyAdds'>
  /** Multiply-adds per second of training; null where no job has succeeded yet. */
  measured: number | null
}

/**
 * How long a training will take: multiply-adds over what this service's last jobs reached, and the evaluation after it.
 */
export function estimateJob(spec: TrainingSpec, version: SpecVersion, speed: Speed): Omit<Estimate, 'memoryBytes'> {
  const parts = trainingParts(spec, version.counts)
  const { measured } = speed
  const pictures = picturesPerInput(spec)
  const trained =
    forwardCost(version, speed) *
    (stepCost(spec) * pictures.trained * parts.train + pictures.tested * parts.validation) *
    spec.epochs
  return estimateOf(
    trained / (measured ?? assumed) + evaluationSeconds(spec, spec.evaluation, { version, speed }),
    measured,
  )
}

export interface Evaluated {
  /** Of the training of the model. */
  spec: TrainingSpec
  options: EvaluationSpec
  /** 2 where a reference is measured too. */
  models: number
}

/** How long an evaluation will take. */
export function estimateEvaluation({ spec, options, models }: Evaluated, version: SpecVersion, speed: Speed): Estimate {
  return {
    ...estimateOf(models * evaluationSeconds(spec, options, { version, speed }), speed.measured),
    memoryBytes: null,
  }
}

function estimateOf(seconds: number, measured: number | null): Omit<Estimate, 'memoryBytes'> {
  const whole = Math.ceil(seconds + overheadSeconds)
  return measured === null
    ? {
        seconds: whole,
        basis: 'assumed',
        note: 'No job has succeeded here yet: the speed of two cores of a current CPU is assumed',
      }
    : { seconds: whole, basis: 'measured', note: 'From the speed that the last jobs reached on this service' }
}

/** Multiply-adds of one forward pass of one picture. */
function forwardCost({ picture: { height, width } }: SpecVersion, { network }: Speed): number {
  return (network.multiplyAdds * (height * width)) / (32 * 32)
}

function evaluationSeconds(
  spec: TrainingSpec,
  options: EvaluationSpec,
  { version, speed }: { version: SpecVersion; speed: Speed },
): number {
  const { pictures, changingSeconds } = evaluationCost(options, {
    images: version.counts.test,
    picture: version.picture,
  })
  return (
    (picturesPerInput(spec).tested * forwardCost(version, speed) * pictures) / (speed.measured ?? assumed) +
    changingSeconds
  )
}
