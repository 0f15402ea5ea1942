import {
  isGivenValidation,
  matchesLayer,
  networkHead,
  networkNames,
  networks,
  picturesPerInput,
  stackedUnlabelled,
  trainingParts,
  unlabelledParts,
  type ArtifactManifest,
  type Issue,
  type TrainingSpec,
  type VersionSummary,
} from '@imclr/contract'
import { NetworkProblem, shapesOf } from '../network/measureNetwork.js'
import type { TrainedNetwork } from './submitTraining.js'

/** The most pixels a side of one input, stacked or not: memory grows with the square. */
const largestSide = 1024

/** Nobody trains with Adam above this learning rate, but the default for SGD is above it. */
const largestAdamRate = 0.05

/** The fields of a version that decide whether a spec fits it. */
export type SpecVersion = Pick<VersionSummary, 'classes' | 'picture' | 'counts'>

export interface SpecContext {
  network: TrainedNetwork
  reference: Pick<ArtifactManifest, 'classes' | 'spec'> | null
}

/** Finds where a spec does not fit the data that it would train on, before a job waits in the queue. */
export function checkSpec(spec: TrainingSpec, version: SpecVersion, { network, reference }: SpecContext): Issue[] {
  const {
    picture: { height, width },
    counts,
    classes,
  } = version
  const images = spec.trainImages ?? counts.train
  const parts = trainingParts(spec, counts)
  const issues: Issue[] = []
  const refuse = (field: string, message: string, fix: string): void => {
    issues.push({ path: `spec.${field}`, code: 'does_not_fit', message, fix })
  }

  if (counts.train === 0)
    return [
      {
        path: 'versionId',
        code: 'does_not_fit',
        message: 'The version has no training images: models are evaluated on it, not trained',
        fix: 'Train on another version, and evaluate the model on this one (job.evaluate)',
      },
    ]
  const inputs = inputSizes(spec, version)
  const problem = tooSmall(network, version.picture, inputs)
  if (problem !== null) refuse('network', problem, nearestNetworks(network, Math.min(height, width)))
  for (const unknown of unknownLayers(spec, network)) refuse('fineTune.freeze', unknown.message, unknown.fix)
  const large = inputs.find((size) => Math.max(size.height, size.width) > largestSide)
  if (large)
    refuse(
      'stacking.images',
      `Stacked inputs would have ${large.width} x ${large.height} pixels; ${largestSide} a side is the most`,
      'Stack fewer images, or prepare the data set with a smaller imageSize',
    )
  if (images > counts.train)
    refuse(
      'trainImages',
      `The data set has ${counts.train} training images`,
      `Use at most ${counts.train}, or null for all`,
    )
  if (images < classes.length)
    refuse(
      'trainImages',
      `${images} training images cannot show all ${classes.length} classes`,
      `Use at least ${classes.length}`,
    )
  if (spec.mode === 'imclr' && spec.stacking.images > spec.batchSize)
    refuse(
      'stacking.images',
      `${spec.stacking.images} images cannot be partners in a batch of ${spec.batchSize}`,
      'Use a larger batch',
    )
  const farthest = Math.floor(Math.min(height, width) / 2)
  spec.augment.forEach((step, i) => {
    if (step.op === 'crop' && (step.padding ?? 0) > farthest)
      refuse(
        `augment[${i}].padding`,
        `A padding of ${step.padding} pixels is more than half of ${width} x ${height} pixels`,
        `Use at most ${farthest}`,
      )
    if (step.op === 'translate' && step.pixels > farthest)
      refuse(
        `augment[${i}].pixels`,
        `A translation by ${step.pixels} pixels is more than half of ${width} x ${height} pixels`,
        `Use at most ${farthest}`,
      )
  })
  for (const way of ['rampUp', 'rampDown'] as const) {
    const ramp = spec[way]
    if (ramp !== null && ramp.epochs > spec.epochs)
      refuse(
        `${way}.epochs`,
        `A ramp of ${ramp.epochs} epochs does not fit into ${spec.epochs}`,
        `Use at most ${spec.epochs}`,
      )
  }
  if (spec.optimizer.kind !== 'sgd') {
    if (spec.learningRate > largestAdamRate)
      refuse(
        'learningRate',
        `Adam moves every weight by about the learning rate in each step; ${spec.learningRate} is a rate for SGD`,
        'Use about 0.001',
      )
    if (spec.optimizer.beta1End !== null && spec.rampDown === null)
      refuse(
        'optimizer.beta1End',
        'beta1 moves as the learning rate is ramped down, and rampDown is null',
        'Give rampDown, or leave beta1End out',
      )
  }
  if (isGivenValidation(spec.validation)) {
    if (counts.validation === 0)
      refuse(
        'validation',
        'The data set came without a validation part',
        'Cut one from the training images, { fraction: 0.1 }, or upload train, validation and test',
      )
  } else if (spec.validation !== null && spec.validation !== 'given') {
    const size = spec.validation.images === undefined ? 'validation.fraction' : 'validation.images'
    if (parts.validation < 1)
      refuse(size, `${spec.validation.fraction} of ${images} training images is not one image`, 'Use a larger fraction')
    else if (parts.train < classes.length)
      refuse(
        size,
        `Without ${parts.validation} images for validation, ${parts.train} are left to train on: not one of each of ${classes.length} classes`,
        'Hold back fewer images',
      )
  }
  for (const { field, message, fix } of checkUnlabelled(spec, counts)) refuse(`semiSupervised.${field}`, message, fix)
  if (spec.schedule.kind === 'step' && spec.schedule.milestones.some((at, i, all) => i > 0 && at <= all[i - 1]!))
    refuse('schedule.milestones', 'Milestones must grow', 'Sort them, each once')
  if (
    reference !== null &&
    (reference.classes.length !== classes.length || reference.classes.some((name, i) => name !== classes[i]))
  ) {
    refuse(
      'evaluation.referenceModelId',
      'The reference model was trained on other classes',
      'Name a model of the same classes, or null',
    )
  }
  if (reference?.spec.evaluation.corruptionImages === 'none' && spec.evaluation.corruptionImages !== 'none') {
    refuse(
      'evaluation.referenceModelId',
      'The reference model was not evaluated under corruption, so there is nothing to set this one against',
      'Name a model that was, or null',
    )
  }
  return issues
}

/** The size in pixels of the network's inputs, stacked or not. */
function inputSizes(
  spec: TrainingSpec,
  { picture: { height, width } }: SpecVersion,
): { height: number; width: number }[] {
  const k = picturesPerInput(spec).trained
  const [tall, wide] = [
    { height: k * height, width },
    { height, width: k * width },
  ]
  return { height: [tall], width: [wide], random: [tall, wide] }[spec.stacking.axis]
}

/**
 * Why pictures do not pass the network, alone or stacked. Null where they do. Pictures are tested alone where training
 * stacks them.
 */
function tooSmall(
  { title, smallestSize, layers }: TrainedNetwork,
  picture: { height: number; width: number },
  inputs: { height: number; width: number }[],
): string | null {
  const { height, width } = picture
  if (Math.min(height, width) < smallestSize)
    return `${title} needs images of at least ${smallestSize} x ${smallestSize} pixels; these have ${width} x ${height}`
  for (const side of layers === null ? [] : [picture, ...inputs]) {
    try {
      shapesOf(layers!, side)
    } catch (error) {
      if (!(error instanceof NetworkProblem)) throw error
      return `${title} cannot take inputs of ${side.width} x ${side.height} pixels: its layer ${error.layer} ${error.message}`
    }
  }
  return null
}

/** What would work for pictures of that size. */
function nearestNetworks({ smallestSize }: TrainedNetwork, side: number): string {
  const others = networkNames.filter((name) => networks[name].smallestSize <= side)
  return `Prepare the data set with imageSize: ${Math.max(smallestSize, 8)} or more${others.length > 0 ? `, or use one of ${others.join(', ')}` : ''}`
}

function unknownLayers({ fineTune }: TrainingSpec, { names }: TrainedNetwork): { message: string; fix: string }[] {
  if (fineTune === null || fineTune.freeze === 'all-but-head') return []
  return fineTune.freeze.flatMap((pattern) => {
    if (pattern === networkHead)
      return [
        { message: `${networkHead} is the new last layer; frozen, it would never be trained`, fix: 'Leave it out' },
      ]
    if (names === null || names.some((name) => name !== networkHead && matchesLayer(pattern, name))) return []
    return [
      {
        message: `No layer is called ${pattern}`,
        fix: `Use names, or beginnings of names with a star: ${names.join(', ')}`.slice(0, 1000),
      },
    ]
  })
}

interface Refusal {
  /** The field below `semiSupervised`. */
  field: string
  message: string
  fix: string
}

/**
 * Finds why the data or the rest of a spec do not suit its learning from unlabelled images, and the nearest thing that
 * would work.
 */
function checkUnlabelled(spec: TrainingSpec, counts: VersionSummary['counts']): Refusal[] {
  const { semiSupervised, emaDecay } = spec
  if (semiSupervised === null) return []
  const refusals = checkSources(semiSupervised.from, unlabelledParts(spec, counts), counts)
  if (semiSupervised.method === 'mean-teacher' && emaDecay === null) {
    refusals.push({
      field: 'method',
      message: 'The teacher is the running average of the weights, and emaDecay is null',
      fix: 'Use emaDecay: 0.999',
    })
  }
  if (
    semiSupervised.method === 'pi-model' &&
    semiSupervised.batch === 'joint' &&
    stackedUnlabelled(spec) !== picturesPerInput(spec).trained
  ) {
    refusals.push({
      field: 'stackUnlabelled',
      message: 'The inputs of a joint batch have one size, and the unlabelled ones would not be stacked',
      fix: "Use stackUnlabelled: true, or batch: 'apart'",
    })
  }
  return refusals
}

/** Where a spec names sources other than labelled images, one of these must have images. */
function checkSources(
  from: NonNullable<TrainingSpec['semiSupervised']>['from'],
  parts: ReturnType<typeof unlabelledParts>,
  counts: VersionSummary['counts'],
): Refusal[] {
  const others = from.filter((source) => source !== 'labelled')
  if (others.length === 0 || others.some((source) => parts[source] > 0)) return []
  const says = {
    unlabelled: 'the data set has no unlabelled images',
    'left-over': `of ${counts.train} training images the label budget leaves none`,
  }
  const message = others.map((source) => says[source]).join(', and ')
  const fix =
    parts['left-over'] > 0
      ? `Use from: ['left-over'], the ${parts['left-over']} training images that the label budget leaves`
      : parts.unlabelled > 0
        ? `Use from: ['unlabelled'], the ${parts.unlabelled} images of the data set's own`
        : `Set trainImages below ${counts.train} and use from: ['left-over'], or add an unlabelled folder to the data set`
  return [{ field: 'from', message: message[0]!.toUpperCase() + message.slice(1), fix }]
}
