import type { EpochRecord, EvaluationReport, Report, TrainingPosition } from '@imclr/contract'
import type { Step } from '../engine/makeStep.js'
import { chosenGpu } from '../engine/gpu/chooseDevice.js'
import { binding } from '../engine/tf.js'
import type { EvaluationProgress } from '../evaluation/session.js'
import { warner, type Emitter } from '../events/emitter.js'
import type { OpenedNetwork } from '../networks/openNetwork.js'
import type { Training } from '../training/openTraining.js'

/** Announces how a training runs and where it goes on. Warns if its step could not be recorded as a graph. */
export function announceTraining(emitter: Emitter, training: Training, from: TrainingPosition | null): void {
  announceStart(emitter, training, from && { epoch: from.epoch, step: from.step })
  warnOfFallback(emitter, 'step', training)
  // Emits the epochs of the checkpoint again, so that none is lost with an attempt.
  for (const epoch of from?.history ?? []) emitEpoch(emitter, epoch)
}

/** Announces how a job computes. @param resumedFrom the position of the checkpoint that it goes on from; null: none */
export function announceStart(
  emitter: Emitter,
  { execution, precision }: Pick<Step, 'execution' | 'precision'>,
  resumedFrom: Pick<TrainingPosition, 'epoch' | 'step'> | null,
): void {
  emitter.emit({
    type: 'started',
    engine: `TensorFlow ${binding.TF_Version}`,
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    ...chosenGpu(),
    execution,
    precision,
    resumedFrom,
  })
}

/** Warns if something runs eagerly although the spec asks for a graph. @param what the thing that runs eagerly */
export function warnOfFallback(
  emitter: Emitter,
  what: 'step' | 'forward pass',
  { fallbackReason }: { fallbackReason?: string | undefined },
): void {
  if (fallbackReason !== undefined)
    warner(emitter)(`the ${what} could not be recorded and runs eagerly, slower: ${fallbackReason}`)
}

/** Emits an epoch event. The scheduler stores it once, however often attempts repeat it. */
export const emitEpoch = (emitter: Emitter, epoch: EpochRecord): void =>
  emitter.emit({ type: 'epoch', ...epoch, once: `epoch-${epoch.epoch}` })

/** Announces the measurements. Does nothing on a stored set of corrupted images, which has no clean ones. */
export function announceEvaluation(emitter: Emitter, report: Report | EvaluationReport): void {
  const { clean, corruption } = report
  if (!clean) return
  const rawWeights = 'rawWeights' in report ? report.rawWeights : null
  emitter.emit({
    type: 'evaluated',
    accuracy: clean.accuracy,
    low: clean.interval.low,
    high: clean.interval.high,
    images: clean.images,
    corruptionError: corruption?.meanError ?? null,
    corruptionImages: corruption?.images ?? 0,
    ...(rawWeights && { rawAccuracy: rawWeights.accuracy }),
  })
}

/**
 * Warns if an uploaded network came without its normalisation. A file of weights does not tell which input they were
 * trained on.
 */
export function warnOfNormalisation(emitter: Emitter, { origin, normalisation }: OpenedNetwork): void {
  if (origin === null || normalisation !== null) return
  warner(emitter)(
    `What ${origin.id} was trained to see was not told when it was uploaded: pixels are normalised by this data set's mean and deviation, which frozen layers may not expect. Upload it with its normalisation.`,
  )
}

export const evaluationProgress =
  (emitter: Emitter) =>
  ({ done, total, imagesPerSecond, secondsLeft }: EvaluationProgress): void =>
    emitter.progress({ phase: 'evaluating', done, total, unit: 'images', imagesPerSecond, secondsLeft })
