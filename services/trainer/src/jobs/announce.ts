import type { EpochRecord, Report, TrainingPosition } from '@imclr/contract'
import type { OpenedNetwork } from '../networks/openNetwork.js'
import type { Training } from '../training/openTraining.js'
import { fallbackWarning } from '../engine/makeStep.js'
import { binding } from '../engine/tf.js'
import type { Emitter } from '../events/emitter.js'

/** How the training runs and where it goes on; the epochs of the checkpoint are told again, so that none is lost with an attempt. */
export function announce(emitter: Emitter, training: Training, from: TrainingPosition | null): void {
  const { execution, precision, fallbackReason } = training
  const resumedFrom = from && { epoch: from.epoch, step: from.step }
  emitter.emit({
    type: 'started',
    engine: `TensorFlow ${binding.TF_Version}`,
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    execution,
    precision,
    resumedFrom,
  })
  if (fallbackReason !== undefined)
    emitter.emit({ type: 'log', level: 'warn', message: fallbackWarning('step', fallbackReason) })
  for (const epoch of from?.history ?? []) emitEpoch(emitter, epoch)
}

/** An epoch event is stored once, however often attempts repeat it. */
export const emitEpoch = (emitter: Emitter, epoch: EpochRecord): void =>
  emitter.emit({ type: 'epoch', ...epoch, once: `epoch-${epoch.epoch}` })

export function announceEvaluation(emitter: Emitter, { clean, corruption, rawWeights }: Report): void {
  emitter.emit({
    type: 'evaluated',
    accuracy: clean.accuracy,
    low: clean.interval.low,
    high: clean.interval.high,
    images: clean.images,
    corruptionError: corruption?.meanError15 ?? null,
    corruptionImages: corruption?.images ?? 0,
    ...(rawWeights && { rawAccuracy: rawWeights.accuracy }),
  })
}

/** The weights of a file say nothing of what they were trained to see. */
export function warnOfNormalisation(emitter: Emitter, { origin, normalisation }: OpenedNetwork): void {
  if (origin === null || normalisation !== null) return
  emitter.emit({
    type: 'log',
    level: 'warn',
    message: `What ${origin.id} was trained to see was not told when it was uploaded: pixels are normalised by this data set's mean and deviation, which frozen layers may not expect. Upload it with its normalisation.`,
  })
}
