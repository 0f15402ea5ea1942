/** How much memory a training takes at its largest, of what is known when it is submitted. */
import {
  isGivenValidation,
  picturesPerInput,
  stackedUnlabelled,
  trainingParts,
  unlabelledParts,
  viewsOf,
  type TrainingSpec,
} from '@imclr/contract'
import type { SpecVersion } from './checkSpec.js'
import type { NetworkMemory } from './networkMemory.js'

/**
 * The largest resident memory of 21 whole trainings (VmHWM; CPU, two cores), of ResNet-8 to WRN-28-10 and VGG16-BN, pictures of 16 to 192
 * pixels a side, batches of 2 to 128, with and without unlabelled images, was 0.78 to 1.18 of the estimate, in the middle 0.96.
 * Nothing is refused that may be below it by this share.
 */
export const memoryMargin = 0.25

const mebi = 2 ** 20
/** Node.js, TensorFlow and its threads, the recorded graph. */
const processBytes = 480 * mebi
const floatBytes = 4
/** Pictures that are changed for the evaluation at once (`chunkBytes` of the trainer), before and after. */
const changedBytes = 2 * 64 * mebi
/** Pictures of one forward pass of an evaluation, at most. */
const testedAtOnce = 250
/** Layers whose values a forward pass holds at once, of the largest: its input, its output, and room that convolutions work in. */
const layersAtOnce = 4
/** Of the weights and what goes with them: the network's own variables, the recorded step's, and while a checkpoint is written those that are read, packed, sent and read back. */
const copiesOfState = 7
/** Threads that make batches, at most, and the batch that is handed over. */
const batchesAhead = 4

/** Bytes. */
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

  // All splits that are used, as bytes; parts of one are copies, and so is a pool of several.
  const copied =
    parts.train === counts.train ? 0 : parts.train + (isGivenValidation(spec.validation) ? 0 : parts.validation)
  const pool =
    sources.reduce((sum, source) => sum + (source === 'labelled' ? 0 : others[source]), 0) +
    (sources.length > 1 ? sources.reduce((sum, source) => sum + others[source], 0) : 0)
  const given = isGivenValidation(spec.validation) ? counts.validation : 0
  const images =
    (counts.train + copied + given + pool + counts.test) * pictureBytes + counts.test * classes.length * floatBytes

  // What a step keeps for its gradients, in pictures that go through the network.
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

/** Passes of an unlabelled input whose values are kept for gradients. */
const passesKept = (semiSupervised: NonNullable<TrainingSpec['semiSupervised']>): number =>
  semiSupervised.method === 'pi-model' && semiSupervised.target === 'attached' ? 2 : 1
