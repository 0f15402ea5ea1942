import {
  evaluationCost,
  isGivenValidation,
  networks,
  picturesPerInput,
  stackedUnlabelled,
  stepCost,
  trainingParts,
  unlabelledParts,
  viewsOf,
  type Estimate,
  type EvaluationSpec,
  type Issue,
  type NetworkLayer,
  type NetworkName,
  type TrainingSpec,
} from '@imclr/contract'
import type { TrainingSpeed } from '@imclr/database'
import { NetworkProblem, shapesOf, type LayerShape, type Side } from '../network/measureNetwork.js'
import type { SpecVersion } from './checkSpec.js'
import type { TrainedNetwork } from './submitTraining.js'

/**
 * Multiply-adds per second of training where nothing was measured yet: a cautious number for two cores. ResNet-20 at
 * 150 images per second, which two cores with AVX2 reach, is 18e9; small networks and slower machines are below.
 */
const assumed = 1e10
/** The start of the process, the first recording of the step, the export. */
const overheadSeconds = 15

export interface Speed {
  network: Pick<TrainedNetwork, 'multiplyAdds'>
  /** Null: nothing was measured yet. */
  training: TrainingSpeed | null
}

/**
 * How long a training will take: its multiply-adds at the speed of this service's last jobs (before the first one, of
 * the machine's probe), and the evaluation after it.
 */
export function estimateTraining(
  spec: TrainingSpec,
  version: SpecVersion,
  speed: Speed,
): Omit<Estimate, 'memoryBytes'> {
  const parts = trainingParts(spec, version.counts)
  const pictures = picturesPerInput(spec)
  const trained =
    forwardCost(version, speed) *
    (stepCost(spec) * pictures.trained * parts.train + pictures.tested * parts.validation) *
    spec.epochs
  return estimateOf(
    trained / perSecond(speed) + evaluationSeconds(spec, spec.evaluation, { version, speed }),
    speed.training,
  )
}

export interface Evaluated {
  /** The spec of the training that made the model. */
  spec: TrainingSpec
  options: EvaluationSpec
  /** 2 where a reference model is evaluated too. */
  models: number
}

/** How long an evaluation will take. */
export function estimateEvaluation({ spec, options, models }: Evaluated, version: SpecVersion, speed: Speed): Estimate {
  return {
    ...estimateOf(models * evaluationSeconds(spec, options, { version, speed }), speed.training),
    memoryBytes: null,
  }
}

const notes = {
  measured: 'From the speed that the last jobs reached on this service',
  probed: 'No training has succeeded here yet: this is from a short measurement of the machine',
  assumed: 'No training has succeeded here yet: this assumes two cores of a current CPU',
} as const satisfies Record<Estimate['basis'], string>

function estimateOf(seconds: number, training: TrainingSpeed | null): Omit<Estimate, 'memoryBytes'> {
  const basis = training?.basis ?? 'assumed'
  return { seconds: Math.ceil(seconds + overheadSeconds), basis, note: notes[basis] }
}

const perSecond = ({ training }: Speed): number => training?.multiplyAddsPerSecond ?? assumed

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
  return (picturesPerInput(spec).tested * forwardCost(version, speed) * pictures) / perSecond(speed) + changingSeconds
}

/**
 * How far the estimate may be above the truth: a training is refused only where the estimate less this share does not
 * fit. In 21 whole trainings the largest resident memory (VmHWM; CPU, two cores) was 0.78 to 1.18 of the estimate, with
 * a median of 0.96. They were of ResNet-8 to WRN-28-10 and VGG16-BN, with pictures of 16 to 192 pixels a side and
 * batches of 2 to 128, with and without unlabelled images.
 */
const memoryMargin = 0.25

const mebi = 2 ** 20
/** Node.js, TensorFlow and its threads, the recorded graph. */
const processBytes = 480 * mebi
const floatBytes = 4
/** Pictures that an evaluation changes at once (the trainer's `chunkBytes`), before and after the change. */
const changedBytes = 2 * 64 * mebi
/** Pictures of one forward pass of an evaluation, at most. */
const testedAtOnce = 250
/**
 * What a forward pass holds at once, as so many times its largest layer: input, output, and the workspace of
 * convolutions.
 */
const layersAtOnce = 4
/**
 * Copies of the weights and of what goes with them: the network's variables, those of the recorded step, and while a
 * checkpoint is written those that are read, packed, sent and read back.
 */
const copiesOfState = 7
/**
 * Batches in memory beside the current one: one for each thread that makes them, at most, and one that is handed over.
 */
const batchesAhead = 4

/** The most memory that a training takes, in bytes, from what is known when it is submitted. */
export function estimateMemory(
  spec: TrainingSpec,
  { picture, counts, classes }: SpecVersion,
  network: NetworkMemory,
): number {
  const pixels = picture.height * picture.width
  const pictureBytes = 3 * pixels
  const { trained, tested } = picturesPerInput(spec)
  const parts = trainingParts(spec, counts)
  const others = unlabelledParts(spec, counts)
  const sources = spec.semiSupervised?.from ?? []

  // All splits that are used, as bytes. A part of a split is a copy, and so is a pool of several.
  const copied =
    parts.train === counts.train ? 0 : parts.train + (isGivenValidation(spec.validation) ? 0 : parts.validation)
  const pool =
    sources.reduce((sum, source) => sum + (source === 'labelled' ? 0 : others[source]), 0) +
    (sources.length > 1 ? sources.reduce((sum, source) => sum + others[source], 0) : 0)
  const given = isGivenValidation(spec.validation) ? counts.validation : 0
  const images =
    (counts.train + copied + given + pool + counts.test) * pictureBytes + counts.test * classes.length * floatBytes

  // What a step keeps for its gradients, in pictures that pass the network.
  const labelled = viewsOf(spec.augment) * spec.batchSize * trained
  const unlabelled =
    spec.semiSupervised === null
      ? 0
      : spec.semiSupervised.ratio * spec.batchSize * stackedUnlabelled(spec) * passesKept(spec.semiSupervised)
  const batch = (labelled + unlabelled) * pictureBytes * (1 + batchesAhead)
  const activations =
    (labelled + unlabelled) * network.values(picture) * floatBytes * (spec.precision === 'bfloat16' ? 0.75 : 1)

  const averages = spec.emaDecay === null ? 0 : 1
  const state = 1 + (spec.optimizer.kind === 'sgd' ? 1 : 2) + averages + (spec.validation === null ? 0 : 1 + averages)
  const weights = network.parameters * floatBytes * (copiesOfState * state + 1) // and the gradients

  const evaluation =
    Math.min(testedAtOnce, counts.test) * tested * network.largest(picture) * floatBytes * layersAtOnce +
    (evaluatesChanged(spec) ? changedBytes : 0)
  return Math.round(processBytes + images + weights + Math.max(batch + activations, evaluation))
}

const evaluatesChanged = ({ evaluation: { corruptionImages, perturbationImages } }: TrainingSpec): boolean =>
  corruptionImages !== 'none' || perturbationImages !== 'none'

/** How many passes of an unlabelled input keep their values for gradients. */
const passesKept = (semiSupervised: NonNullable<TrainingSpec['semiSupervised']>): number =>
  semiSupervised.method === 'pi-model' && semiSupervised.target === 'attached' ? 2 : 1

/** What decides how much memory a network takes. */
export interface NetworkMemory {
  /** Including the last layer. */
  parameters: number
  /** The values of all layers for one picture. */
  values: (side: Side) => number
  /** The values of the largest layer for one picture. */
  largest: (side: Side) => number
}

/** Values were measured at 32 x 32 pixels, and grow with the area of the picture. */
const areas = ({ height, width }: Side): number => (height * width) / 1024

/** The memory of a built-in network. */
export function builtInNetworkMemory(name: NetworkName): NetworkMemory {
  const { parameters, values, largestLayer } = networks[name]
  return { parameters, values: (side) => values * areas(side), largest: (side) => largestLayer * areas(side) }
}

/** The memory of an uploaded network, by the shapes of its layers. */
export function layersMemory(layers: readonly NetworkLayer[], parameters: number): NetworkMemory {
  const sizes = (side: Side) =>
    [...nearestShapes(layers, side).values()].map((shape) => shape.reduce<number>((product, one) => product * one, 1))
  return {
    parameters,
    values: (side) => sizes(side).reduce((sum, size) => sum + size, 0),
    largest: (side) => Math.max(...sizes(side)),
  }
}

/**
 * The shapes for a picture of this size. Where the strides must divide its sides, for the next larger picture that
 * passes the network.
 */
function nearestShapes(layers: readonly NetworkLayer[], { height, width }: Side): Map<string, LayerShape> {
  for (let more = 0; more < largestStride; more++) {
    try {
      return shapesOf(layers, { height: height + more, width: width + more })
    } catch (error) {
      if (!(error instanceof NetworkProblem)) throw error
    }
  }
  return new Map()
}

const largestStride = 256

export interface MemoryContext {
  network: NetworkMemory
  /** Bytes of the machine that trains. Null where that is unknown, and nothing is refused. */
  limit: number | null
}

/**
 * Says why a training does not fit into the memory of the machine that trains, and what would fit. Gives nothing where
 * it may fit, within the margin of the estimate.
 */
export function checkMemory(spec: TrainingSpec, version: SpecVersion, { network, limit }: MemoryContext): Issue[] {
  if (limit === null) return []
  const fits = (changed: Partial<TrainingSpec>, picture = version.picture): boolean =>
    estimateMemory({ ...spec, ...changed }, { ...version, picture }, network) * (1 - memoryMargin) <= limit
  if (fits({})) return []
  const message = `This training would take about ${inGibi(estimateMemory(spec, version, network))} of memory, and the machine that trains has ${inGibi(limit)}`
  const smallestBatch = spec.mode === 'imclr' ? picturesPerInput(spec).trained : 2
  const batchSize = largest((size) => fits({ batchSize: size }), [smallestBatch, spec.batchSize])
  const { height, width } = version.picture
  const longest = Math.max(height, width)
  const scaled = (side: number) => ({
    ...version.picture,
    height: Math.max(8, Math.round((height * side) / longest)),
    width: Math.max(8, Math.round((width * side) / longest)),
  })
  const imageSize = largest((side) => fits({}, scaled(side)), [8, longest])
  const ways = [
    ...(batchSize === null ? [] : [`Use batchSize: ${batchSize} or less`]),
    ...(imageSize === null ? [] : [`prepare the data set with imageSize: ${sizeOf(scaled(imageSize))} or less`]),
    'use a smaller network',
  ]
  const fix = `${ways.join(', or ')}; or ask the operator for a machine with more memory (IMCLR_TRAINER_MEMORY says how much there is)`
  return [
    {
      path: batchSize === null ? 'versionId' : 'spec.batchSize',
      code: 'does_not_fit',
      message,
      fix: fix[0]!.toUpperCase() + fix.slice(1),
    },
  ]
}

/**
 * The largest whole number of a range that fits, by bisection: where a number does not fit, no larger one does. Null
 * where none fits.
 */
function largest(fits: (value: number) => boolean, [from, to]: [number, number]): number | null {
  if (from > to || !fits(from)) return null
  let [good, bad] = [from, to + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (fits(middle)) good = middle
    else bad = middle
  }
  return good
}

const inGibi = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
const sizeOf = ({ height, width }: { height: number; width: number }): string =>
  height === width ? String(height) : `{ height: ${height}, width: ${width} }`
