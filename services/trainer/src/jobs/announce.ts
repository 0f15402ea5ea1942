import type { EpochRecord, EvaluationReport, Report, TrainingPosition } from '@imclr/contract'
import { fallbackWarning } from '../engine/makeStep.js'
import { binding } from '../engine/tf.js'
import type { EvaluationProgress } from '../evaluation/session.js'
import type { Emitter } from '../events/emitter.js'
import type { OpenedNetwork } from '../networks/openNetwork.js'
import type { Training } from '../training/openTraining.js'

type Started = Pick<Training, 'execution' | 'precision'> & Fallback

/** Why a graph was not recorded. */
interface Fallback {
  fallbackReason?: string | undefined
}

/** Announces how the job runs and where it goes on. Warns if a graph could not be recorded. */
export function announceStart(emitter: Emitter, started: Started, from: TrainingPosition | null): void {
  const { execution, precision } = started
  emitter.emit({
    type: 'started',
    engine: `TensorFlow ${binding.TF_Version}`,
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    execution,
    precision,
    resumedFrom: from && { epoch: from.epoch, step: from.step },
  })
  warnOfFallback(emitter, 'step', started)
  // Emits the epochs of the checkpoint again, so that none is lost with an attempt.
  for (const epoch of from?.history ?? []) emitEpoch(emitter, epoch)
}

/** Warns if something runs eagerly although the spec asks for a graph. @param what the thing that runs eagerly */
export function warnOfFallback(emitter: Emitter, what: 'step' | 'forward pass', { fallbackReason }: Fallback): void {
  if (fallbackReason !== undefined) warner(emitter)(fallbackWarning(what, fallbackReason))
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

/** Largest number of characters in a log event. */
const longestMessage = 4000

export const warner =
  (emitter: Emitter) =>
  (message: string): void =>
    emitter.emit({ type: 'log', level: 'warn', message: message.slice(0, longestMessage) })

export const loadingProgress =
  (emitter: Emitter) =>
  (done: number, total: number): void =>
    emitter.progress({ phase: 'loading', done, total, unit: 'bytes', secondsLeft: null })

export const evaluationProgress =
  (emitter: Emitter) =>
  ({ done, total, imagesPerSecond, secondsLeft }: EvaluationProgress): void =>
    emitter.progress({ phase: 'evaluating', done, total, unit: 'images', imagesPerSecond, secondsLeft })
