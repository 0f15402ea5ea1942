import {
  evaluationManifest,
  evaluationPaths,
  Failure,
  whyNotEvaluable,
  writePredictions,
  type DatasetManifest,
  type EvaluateJobFile,
  type EvaluationReport,
  type Predictions,
} from '@imclr/contract'
import { reportPage, type Gallery } from '@imclr/page'
import type { ObjectStore } from '@imclr/storage'
import { putManifest, uploadFiles } from '../artifact/publishArtifact.js'
import { describeEnvironment } from '../engine/environment.js'
import { assembleEvaluationReport, describeDataset, type Measured } from '../evaluation/assembleReport.js'
import { evaluateModel, evaluateStoredSet, type EvaluationSetting } from '../evaluation/evaluateModel.js'
import { referenceOf, type Reference } from '../evaluation/reference.js'
import type { Control } from '../events/control.js'
import { loadingProgress, warner } from '../events/emitter.js'
import { loadSplit, readDatasetManifest } from '../input/loadSplit.js'
import { openModel, type OpenedModel } from '../networks/openModel.js'
import { announceEvaluation, announceStart, evaluationProgress, warnOfFallback } from './announce.js'
import type { JobContext } from './jobContext.js'

/**
 * Runs an evaluation job. It measures a registered model on the test images of any version with the same classes and
 * picture rule, or on a stored set of corrupted images. If the job names a reference model, it first measures that
 * model on the same pictures.
 */
export async function evaluate(job: EvaluateJobFile, { store, emitter, control }: JobContext): Promise<void> {
  control.suspendAtOnce(true) // a later attempt can do everything again
  const dataset = await readDatasetManifest(store, job.versionPrefix)
  const opened = await openModel(store, job.modelPrefix)
  refuseUnlike(opened, dataset)
  let started = false
  const measure = await openMeasuring({
    store,
    dataset,
    versionPrefix: job.versionPrefix,
    spec: job.options,
    seed: job.options.seed,
    signal: control.signal,
    onProgress: evaluationProgress(emitter),
    onBytes: loadingProgress(emitter),
    control,
    onForward: (forward) => {
      if (!started) announceStart(emitter, forward, null)
      started = true
      warnOfFallback(emitter, 'forward pass', forward)
    },
    warn: warner(emitter),
  })
  const reference = await measureReference(store, job, measure)
  const { evaluation, predictions, gallery } = await measure(opened, `the model ${job.name}`, reference)
  const report = assembleEvaluationReport({
    model: { ...opened.report.model, name: job.name, id: job.modelId, trainedOn: opened.manifest.versionId },
    dataset: describeDataset(dataset, opened.manifest.classes),
    evaluation,
    environment: describeEnvironment(),
  })
  announceEvaluation(emitter, report)
  const output = await publish(store, job, { report, predictions, gallery, opened })
  emitter.emit({ type: 'output', ...output, endedEarly: null })
}

function refuseUnlike({ manifest }: OpenedModel, dataset: DatasetManifest): void {
  const issues = whyNotEvaluable(manifest, { ...dataset, testImages: dataset.splits.test.count })
  if (issues.length > 0)
    throw new Failure('DATASET_INVALID', issues.map(({ message }) => message).join('; '), { issues })
}

interface Evaluated {
  evaluation: Measured
  predictions: Predictions
  gallery: Gallery | null
}

type Measure = (opened: OpenedModel, subject: string, reference?: Reference) => Promise<Evaluated>

/**
 * Loads the images once, unless they belong to a stored set. Returns a function that measures one model on them and
 * disposes the model.
 */
async function openMeasuring({
  onBytes,
  control,
  ...setting
}: EvaluationSetting & { onBytes: (done: number, total: number) => void; control: Control }): Promise<Measure> {
  const { store, versionPrefix: prefix, dataset } = setting
  const { classes, versionId, picture, storedCells } = dataset
  const split =
    storedCells === null ? await loadSplit({ store, prefix, manifest: dataset, split: 'test', onBytes }) : null
  return async ({ manifest, model }, subject, reference) => {
    const { execution, precision } = manifest.spec
    const evaluated = { model, execution, precision, subject, reference }
    const labelOf = (label: number): number => manifest.classes.indexOf(classes[label]!)
    try {
      if (!split) {
        const { predictions, ...stored } = await evaluateStoredSet(setting, labelOf, evaluated)
        return { evaluation: { ...stored, clean: null, perturbation: null }, predictions, gallery: null }
      }
      const { height, width } = picture
      const labels = split.labels.map(labelOf)
      const test = { images: split.images, labels, height, width, classes: manifest.classes, versionId }
      const { evaluation, gallery } = await evaluateModel(setting, test, evaluated)
      return { evaluation, predictions: evaluation.predictions, gallery }
    } catch (error) {
      throw control.request === 'stop' && control.signal.aborted
        ? new Failure('CANCELED', 'the evaluation was stopped: there is nothing to keep', { cause: error })
        : error
    } finally {
      model.dispose()
    }
  }
}

/** Measures the reference model on the same pictures. Undefined if the job names none. */
async function measureReference(
  store: ObjectStore,
  { reference }: EvaluateJobFile,
  measure: Measure,
): Promise<Reference | undefined> {
  if (!reference) return undefined
  const opened = await openModel(store, reference.modelPrefix)
  const { evaluation, predictions } = await measure(opened, `the reference model ${reference.name}`)
  return referenceOf(reference, { ...evaluation, versionId: predictions.versionId })
}

interface ToPublish {
  report: EvaluationReport
  predictions: Predictions
  gallery: Gallery | null
  opened: OpenedModel
}

async function publish(
  store: ObjectStore,
  { jobId, attempt, modelId, outputPrefix }: EvaluateJobFile,
  { report, predictions, gallery, opened }: ToPublish,
): Promise<{ manifestKey: string; manifestSha256: string }> {
  const files = await uploadFiles(store, outputPrefix, [
    {
      path: evaluationPaths.report,
      contentType: 'application/json',
      bytes: Buffer.from(JSON.stringify(report, null, 1)),
    },
    {
      path: evaluationPaths.page,
      contentType: 'text/html; charset=utf-8',
      bytes: Buffer.from(reportPage(report, gallery)),
    },
    {
      path: evaluationPaths.predictions,
      contentType: 'application/octet-stream',
      bytes: writePredictions(predictions),
    },
  ])
  return putManifest(
    store,
    outputPrefix,
    evaluationManifest.parse({
      schemaVersion: 1,
      kind: 'evaluation',
      jobId,
      attempt,
      modelId,
      versionId: report.dataset.versionId,
      modelManifestSha256: opened.manifestSha256,
      accuracy: report.clean?.accuracy ?? null,
      meanCorruptionError: report.corruption?.meanError ?? null,
      meanFlipProbability: report.perturbation?.meanFlip ?? null,
      files,
    }),
  )
}
