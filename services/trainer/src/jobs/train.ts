import type { TrainJobFile } from '@imclr/contract'
import { exportArtifact } from '../artifact/exportArtifact.js'
import { findCheckpoint } from '../training/checkpoint/findCheckpoint.js'
import { fingerprint } from '../training/checkpoint/layout.js'
import { writeCheckpoint } from '../training/checkpoint/writeCheckpoint.js'
import { evaluateModel } from '../evaluation/evaluateModel.js'
import { announce, announceEvaluation, emitEpoch, warnOfNormalisation } from './announce.js'
import type { JobContext } from './jobContext.js'
import { openScorer, scoreOnce } from '../evaluation/openScorer.js'
import { modelAfter } from '../evaluation/refuseNotFinite.js'
import { buildServingModel } from '../networks/servingModel.js'
import { openData } from '../input/openData.js'
import { openNetwork } from '../networks/openNetwork.js'
import { openTraining } from '../training/openTraining.js'
import { stepScalars } from '../training/optimizer/stepScalars.js'
import { multiplyAddsPerSecond, timeLeft } from '../training/timeLeft.js'
import { firstPosition, runEpochs } from '../training/runEpochs.js'

/**
 * A training job from its data to its artifact: read, train (from a checkpoint where there is one), evaluate once on the test
 * split, export, prove what was exported, and only then say so.
 */
export async function train(job: TrainJobFile, { store, emitter, control }: JobContext): Promise<void> {
  const { spec } = job
  const onBytes = (done: number, total: number) =>
    emitter.progress({ phase: 'loading', done, total, unit: 'bytes', secondsLeft: null })
  control.suspendAtOnce(true) // nothing has been done yet
  const data = await openData(store, job, onBytes)
  const { dataset, feed } = data
  const opened = await openNetwork(store, job, dataset.classes.length)
  const normalisation = opened.normalisation ?? data.normalisation
  const training = openTraining(spec, {
    feed: data.feed,
    normalisation,
    network: opened.network,
    cloneArchitecture: opened.cloneArchitecture,
  })

  const checkpoints = {
    store,
    prefix: job.checkpointPrefix,
    jobId: job.jobId,
    attempt: job.attempt,
    fingerprint: fingerprint(job, { contentSha256: dataset.contentSha256, partsSha256: data.partsSha256 }),
  }
  const warn = (where: string, why: string) =>
    emitter.emit({ type: 'log', level: 'warn', message: `the checkpoint ${where} was passed over: ${why}` })
  const found = await findCheckpoint({ ...checkpoints, onDamaged: warn })
  if (found) training.writeState(found.tensors)
  announce(emitter, training, found?.position ?? null)
  warnOfNormalisation(emitter, opened)

  const { mode, stacking } = spec
  const model = buildServingModel(training.network, {
    ...normalisation,
    stack: mode === 'imclr' ? stacking : null,
    width: dataset.picture.width,
  })
  const validator =
    data.validation && openScorer({ ...data.validation.split, model, classNames: dataset.classes, spec })

  control.suspendAtOnce(false) // from here on by a checkpoint
  const trained = await runEpochs(found?.position ?? firstPosition, {
    spec,
    feed,
    run: training.run,
    scalarsOf: stepScalars(spec, feed.stepsPerEpoch),
    validation: validator && {
      async measure(position) {
        const { accuracy, negativeLogLikelihood: loss } = await training.withWeights('model', () =>
          validator.score(modelAfter(position)),
        )
        return { accuracy, loss }
      },
      keep: training.keep,
    },
    saveCheckpoint: async (position) =>
      emitter.emit({ type: 'checkpoint', ...(await writeCheckpoint(checkpoints, position, training.readState())) }),
    checkpointEverySeconds: job.checkpointEverySeconds,
    onEpoch: (epoch) => emitEpoch(emitter, epoch),
    secondsLeft: (throughput) => timeLeft(spec, dataset, throughput),
    control,
    emitter,
    now: () => performance.now() / 1000,
  })
  feed.close()
  control.suspendAtOnce(true) // all that follows can be done again from the last checkpoint

  validator?.dispose()
  const test = await data.openTest()
  training.finish('raw')
  const rawWeights =
    spec.emaDecay === null
      ? null
      : await scoreOnce(
          { ...test, model, classNames: dataset.classes, spec },
          `${modelAfter(trained)}, before its weights are averaged,`,
        )
  training.finish('model')
  const evaluated = await evaluateModel(store, {
    job,
    dataset,
    model,
    trained,
    test,
    networkTitle: opened.title,
    parameters: training.parameters,
    trainImages: data.trainImages,
    validation: data.validation,
    unlabelled: data.unlabelled,
    rawWeights,
    onProgress: ({ done, total, imagesPerSecond, secondsLeft }) =>
      emitter.progress({ phase: 'evaluating', done, total, unit: 'images', imagesPerSecond, secondsLeft }),
    warn: (message) => emitter.emit({ type: 'log', level: 'warn', message: message.slice(0, 4000) }),
  })
  announceEvaluation(emitter, evaluated.report)

  const output = await exportArtifact(store, {
    job,
    dataset,
    model,
    network: opened,
    trained,
    test,
    ...evaluated,
    multiplyAddsPerSecond: multiplyAddsPerSecond(opened, { spec, dataset, trained }),
    onProgress: (phase, total) => emitter.progress({ phase, done: 0, total, unit: 'files', secondsLeft: null }),
  })
  emitter.emit({ type: 'output', ...output, endedEarly: trained.endedEarly })
}
