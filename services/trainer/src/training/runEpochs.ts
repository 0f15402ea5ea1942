import { Failure, jsdOf } from '@imclr/contract'
import type { EpochRecord, TrainingPosition, TrainingSpec } from '@imclr/contract'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { bestEpoch, patienceIsOver } from './bestEpoch.js'
import { Suspended } from '../events/control.js'
import type { Control } from '../events/control.js'
import type { Emitter } from '../events/emitter.js'
import type { Throughput } from './timeLeft.js'
import type { TrainingBatch, TrainingFeed } from '../input/feed.js'
import type { StepLosses } from './openTraining.js'
import type { StepScalars } from './optimizer/stepScalars.js'

export interface TrainOptions {
  spec: TrainingSpec
  feed: TrainingFeed
  /** Runs one step and gives the losses over its batch. */
  run: (batch: TrainingBatch, scalars: StepScalars) => StepLosses
  scalarsOf: (step: number) => StepScalars
  /**
   * If there is a validation part: measures the weights on it after each epoch, and keeps them after the best epoch so
   * far.
   */
  validation: {
    measure: (position: TrainingPosition) => Promise<NonNullable<EpochRecord['validation']>>
    keep: () => void
  } | null
  saveCheckpoint: (position: TrainingPosition) => Promise<void>
  checkpointEverySeconds: number
  onEpoch: (epoch: EpochRecord) => void
  /** Seconds of the whole job that are left. */
  secondsLeft: (throughput: Throughput) => number
  control: Control
  emitter: Emitter
  /** Seconds. */
  now: () => number
}

/** Checkpoints may take this share of the time. With a slow store they come less often than the spec asks for. */
const checkpointShare = 0.05

/**
 * The steps from `from` to the last, to the end of patience, or to the request to stop. Resuming from any position
 * gives the losses of an undisturbed run, because batches and scalars are functions of the step's number.
 *
 * @returns where it ended; a checkpoint of that position has been written
 * @throws Suspended after a checkpoint, on request
 * @throws Failure LOSS_NOT_FINITE; CANCELED when told to stop before the first step
 */
export async function runEpochs(from: TrainingPosition, options: TrainOptions): Promise<TrainingPosition> {
  const { feed, control, emitter, now } = options
  const { batchSize, stepsPerEpoch } = feed
  const { epochs } = options.spec
  const steps = epochs * stepsPerEpoch
  const patience = options.spec.validation === 'given' ? null : (options.spec.validation?.patience ?? null)
  const goesOn = ({ step, history, endedEarly }: TrainingPosition) =>
    step < steps && endedEarly === null && !patienceIsOver(history, patience)
  const slack = roundingOf(options.spec, feed.classes)
  let measured = { since: now(), step: from.step }
  let position = from
  let saved = { at: now(), position: from }
  let pause = options.checkpointEverySeconds
  await yieldToEventLoop() // a request that came while everything was made ready counts before the first step
  let before = now()

  while (goesOn(position) && control.request === null) {
    const scalars = options.scalarsOf(position.step)
    const batch = feed.batch(position.epoch, position.sums.steps)
    const { labelEntropy } = batch
    const { loss, unlabelled } = options.run(batch, scalars)
    const total = loss + (unlabelled?.weighted ?? 0)
    if (!Number.isFinite(total))
      throw new Failure(
        'LOSS_NOT_FINITE',
        `the loss is ${total} at step ${position.step + 1}, in epoch ${position.epoch + 1}`,
      )
    if (loss < labelEntropy - slack(labelEntropy))
      throw new Failure(
        'INTERNAL',
        `the loss ${loss} at step ${position.step + 1} is below the entropy of its labels, ${labelEntropy}, which cannot be`,
      )
    const seconds = now() - before
    before += seconds
    position = advance(
      position,
      { loss, labelEntropy, unlabelled, inputs: batchSize, seconds },
      { stepsPerEpoch, scalars },
    )
    if (position.sums.steps === 0) {
      if (options.validation) position = await validate(position, options.validation)
      options.onEpoch(position.history.at(-1)!)
      before = now()
    }
    // A process's first step prepares kernels: no measure
    if (position.step === from.step + 1) measured = { since: now(), step: position.step }
    const secondsPerStep =
      position.step > measured.step ? (now() - measured.since) / (position.step - measured.step) : seconds
    emitter.progress({
      phase: 'training',
      done: position.step,
      total: steps,
      unit: 'steps',
      epoch: Math.min(position.epoch + 1, epochs),
      epochs,
      imagesPerSecond: batchSize / secondsPerStep,
      secondsLeft: options.secondsLeft({ secondsPerStep, stepsLeft: steps - position.step, batchSize }),
    })
    if (now() - saved.at >= pause) {
      const start = now()
      await options.saveCheckpoint(position)
      saved = { at: now(), position }
      pause = Math.max(options.checkpointEverySeconds, (saved.at - start) / checkpointShare)
      before = saved.at
    }
    await yieldToEventLoop() // signals arrive here
  }

  if (control.request === 'stop' && goesOn(position)) {
    if (position.step === 0)
      throw new Failure('CANCELED', 'the job was stopped before its first step: there is nothing to keep')
    position = { ...position, endedEarly: 'stopped' }
  }
  if (position !== saved.position) await options.saveCheckpoint(position)
  if (control.request === 'suspend') throw new Suspended(`suspended after step ${position.step}`)
  return position
}

/**
 * How far below the entropy of its labels a loss can seem to be: float32 rounds in proportion (weighted classes make
 * both large), and the Jensen-Shannon loss, whose mean is kept above 1e-7, can be below zero by 1e-7 / e for each class
 * (`jensenShannon`).
 */
function roundingOf({ augment }: Pick<TrainingSpec, 'augment'>, classes: number): (labelEntropy: number) => number {
  const clipped = jsdOf(augment) * classes * (1e-7 / Math.E)
  return (labelEntropy) => 1e-4 * Math.max(1, labelEntropy) + clipped
}

async function validate(
  position: TrainingPosition,
  { measure, keep }: NonNullable<TrainOptions['validation']>,
): Promise<TrainingPosition> {
  const validation = await measure(position)
  if (!Number.isFinite(validation.loss))
    throw new Failure('LOSS_NOT_FINITE', `the validation loss is ${validation.loss} after epoch ${position.epoch}`)
  const history = [...position.history.slice(0, -1), { ...position.history.at(-1)!, validation }]
  if (bestEpoch(history)!.epoch === position.epoch) keep()
  return { ...position, history }
}

interface Stepped {
  /** Means over the batch. */
  loss: number
  labelEntropy: number
  unlabelled: StepLosses['unlabelled']
  inputs: number
  seconds: number
}

function advance(
  { epoch, step, sums, history, endedEarly }: TrainingPosition,
  stepped: Stepped,
  { stepsPerEpoch, scalars }: { stepsPerEpoch: number; scalars: StepScalars },
): TrainingPosition {
  const total = {
    steps: sums.steps + 1,
    loss: sums.loss + stepped.loss,
    labelEntropy: sums.labelEntropy + stepped.labelEntropy,
    inputs: sums.inputs + stepped.inputs,
    seconds: sums.seconds + stepped.seconds,
    ...(stepped.unlabelled && { unlabelled: added(sums.unlabelled, stepped.unlabelled) }),
  }
  if (total.steps < stepsPerEpoch) return { epoch, step: step + 1, sums: total, history, endedEarly }
  const ended: EpochRecord = {
    epoch: epoch + 1,
    loss: total.loss / total.steps,
    labelEntropy: total.labelEntropy / total.steps,
    learningRate: scalars.learningRate,
    steps: step + 1,
    seconds: total.seconds,
    imagesPerSecond: total.inputs / total.seconds,
    ...(total.unlabelled && {
      unlabelled: {
        ...times(total.unlabelled, 1 / total.steps),
        weight: scalars.unlabelledWeight!,
        ramp: scalars.unlabelledRamp!,
      },
    }),
  }
  return { epoch: epoch + 1, step: step + 1, sums: noSums, history: [...history, ended], endedEarly }
}

type Unlabelled = NonNullable<StepLosses['unlabelled']>
const times = ({ term, weighted, counted }: Unlabelled, factor: number): Unlabelled => ({
  term: term * factor,
  weighted: weighted * factor,
  counted: counted * factor,
})
const added = (a: Unlabelled = { term: 0, weighted: 0, counted: 0 }, b: Unlabelled): Unlabelled => ({
  term: a.term + b.term,
  weighted: a.weighted + b.weighted,
  counted: a.counted + b.counted,
})

const noSums = { steps: 0, loss: 0, labelEntropy: 0, inputs: 0, seconds: 0 }
export const firstPosition: TrainingPosition = { epoch: 0, step: 0, sums: noSums, history: [], endedEarly: null }
