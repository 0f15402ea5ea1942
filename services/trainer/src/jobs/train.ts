import { writePredictions, type TrainJobFile } from '@imclr/contract'
import { reportPage } from '@imclr/page'
import { exportArtifact } from '../artifact/exportArtifact.js'
import { findCheckpoint } from '../training/checkpoint/findCheckpoint.js'
import { fingerprint } from '../training/checkpoint/layout.js'
import { writeCheckpoint } from '../training/checkpoint/writeCheckpoint.js'
import { evaluateModel } from '../evaluation/evaluateModel.js'
import {
  announceEvaluation,
  announceTraining,
  emitEpoch,
  evaluationProgress,
  warnOfFallback,
  warnOfNormalisation,
} from './announce.js'
import { loadingProgress, warner } from '../events/emitter.js'
import type { JobContext } from './jobContext.js'
import { readReference, trainingReport } from '../evaluation/trainingReport.js'
import { openScorer, scoreOnce } from '../evaluation/openScorer.js'
import { modelAfter } from '../evaluation/refuseNotFinite.js'
import { buildServingModel } from '../networks/servingModel.js'
import { openData } from '../input/openData.js'
import { openNetwork } from '../networks/openNetwork.js'
import { openTraining } from '../training/openTraining.js'
import { stepScalars } from '../training/optimizer/stepScalars.js'
import { speedOf, timeLeft } from '../training/timeLeft.js'
import { firstPosition, runEpochs } from '../training/runEpochs.js'

/**
 * Runs a training job. It reads the data, trains (from a checkpoint if there is one), evaluates once on the test split,
 * exports the artifact and verifies it. Only then does it announce the result.
 */
export async function train(job: TrainJobFile, { store, emitter, control }: JobContext): Promise<void> {
  const { spec } = job
  control.suspendAtOnce(true) // nothing has been done yet
  const data = await openData(store, job, loadingProgress(emitter))
  const { dataset, feed } = data
  const opened = await openNetwork(store, job, dataset.classes.length)
  const normalisation = opened.normalisation ?? data.normalisation
  const { network, cloneArchitecture } = opened
  const training = openTraining(spec, { feed, normalisation, network, cloneArchitecture })

  const { jobId, attempt, checkpointPrefix: prefix } = job
  const checkpoints = {
    store,
    prefix,
    jobId,
    attempt,
    fingerprint: fingerprint(job, { contentSha256: dataset.contentSha256, partsSha256: data.partsSha256 }),
  }
  const warn = warner(emitter)
  const found = await findCheckpoint({
    ...checkpoints,
    onDamaged: (where, why) => warn(`the checkpoint ${where} was passed over: ${why}`),
  })
  if (found) training.writeState(found.tensors)
  announceTraining(emitter, training, found?.position ?? null)
  warnOfNormalisation(emitter, opened)

  const { mode, stacking } = spec
  const model = buildServingModel(training.network, {
    ...normalisation,
    stack: mode === 'imclr' ? stacking : null,
    width: dataset.picture.width,
  })
  const validator =
    data.validation && openScorer({ ...data.validation.split, model, classNames: dataset.classes, spec })

  control.suspendAtOnce(false) // from here on a suspension needs a checkpoint
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
  control.suspendAtOnce(true) // everything that follows can be done again from the last checkpoint

  validator?.dispose()
  const test = await data.openTest()
  training.finish('raw')
  const subject = modelAfter(trained)
  const scored = { ...test, model, classNames: dataset.classes, spec }
  const rawWeights =
    spec.emaDecay === null ? null : await scoreOnce(scored, `${subject}, before its weights are averaged,`)
  training.finish('model')
  const { evaluation, gallery } = await evaluateModel(
    {
      store,
      dataset,
      versionPrefix: job.versionPrefix,
      spec: spec.evaluation,
      seed: spec.subsetSeed, // not the training's seed: all models of a version see the same corrupted pictures
      onProgress: evaluationProgress(emitter),
      onForward: (forward) => warnOfFallback(emitter, 'forward pass', forward),
      warn,
    },
    { ...test, classes: dataset.classes, versionId: dataset.versionId },
    {
      model,
      execution: spec.execution,
      precision: spec.precision,
      subject,
      reference: await readReference(store, job),
    },
  )
  const report = trainingReport({
    job,
    data,
    evaluation,
    networkTitle: opened.title,
    parameters: training.parameters,
    trained,
    rawWeights,
  })
  announceEvaluation(emitter, report)

  const output = await exportArtifact(store, {
    job,
    dataset,
    model,
    network: opened,
    trained,
    test,
    report,
    page: reportPage(report, gallery),
    predictions: writePredictions(evaluation.predictions),
    multiplyAddsPerSecond: speedOf(opened, { spec, dataset, trained }),
    onProgress: (phase, total) => emitter.progress({ phase, done: 0, total, unit: 'files', secondsLeft: null }),
  })
  emitter.emit({ type: 'output', ...output, endedEarly: trained.endedEarly })
}
