import {
  evaluationManifest,
  evaluationPaths,
  evaluationReport,
  Failure,
  whyNotEvaluable,
  writePredictions,
} from '@imclr/contract'
import type { DatasetManifest, EvaluateJobFile, EvaluationReport } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { describeEnvironment } from '../engine/environment.js'
import { putManifest, uploadFiles } from '../artifact/publishArtifact.js'
import { encodePng, jpegRoundTrip } from '../image/codec.js'
import { loadSplit, readDatasetManifest } from '../input/loadSplit.js'
import { evaluationBatch, recordForward } from '../engine/recordForward.js'
import { measureModel, type Evaluation } from '../evaluation/measureModel.js'
import { makeGallery } from '../evaluation/gallery.js'
import { reportPage, type Gallery } from '@imclr/page'
import { openPictureCache } from '../evaluation/pictureCache.js'
import { referenceOf, type Reference } from '../evaluation/reference.js'
import { notMeasured, reportNotes } from '../evaluation/reportNotes.js'
import { evaluateStored, type StoredEvaluation } from '../evaluation/storedSet.js'
import type { TestSplit } from '../evaluation/testSplit.js'
import { openModel, type OpenedModel } from '../networks/openModel.js'
import type { JobContext } from './jobContext.js'
import { binding } from '../engine/tf.js'

/**
 * An evaluation job: a registered model on the test images of any version with the same classes and picture rule, or on a stored
 * set of corrupted ones. Where a reference model is named, it is measured first, on the same pictures.
 */
export async function evaluate(job: EvaluateJobFile, { store, emitter, control }: JobContext): Promise<void> {
  control.suspendAtOnce(true) // a later attempt does it again
  const dataset = await readDatasetManifest(store, job.versionPrefix)
  const opened = await openModel(store, job.modelPrefix)
  refuseUnlike(opened, dataset)
  const { execution, precision } = opened.manifest.spec
  emitter.emit({
    type: 'started',
    engine: `TensorFlow ${binding.TF_Version}`,
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    execution,
    precision,
    resumedFrom: null,
  })
  const measure = await openMeasuring({ store, job, dataset }, { emitter, control })
  const reference = await measureReference(store, job, measure)
  const { evaluation, gallery } = await measure(opened, `the model ${job.name}`, reference)

  const { clean, corruption } = evaluation
  if (clean) {
    emitter.emit({
      type: 'evaluated',
      accuracy: clean.accuracy,
      low: clean.interval.low,
      high: clean.interval.high,
      images: clean.images,
      corruptionError: corruption?.meanError15 ?? null,
      corruptionImages: corruption?.images ?? 0,
    })
  }
  emitter.emit({
    type: 'output',
    ...(await publish(store, job, {
      report: assemble(job, { opened, dataset, evaluation }),
      evaluation,
      gallery,
      opened,
    })),
    endedEarly: null,
  })
}

function refuseUnlike({ manifest }: OpenedModel, dataset: DatasetManifest): void {
  const issues = whyNotEvaluable(manifest, { ...dataset, testImages: dataset.splits.test.count })
  if (issues.length > 0)
    throw new Failure('DATASET_INVALID', issues.map(({ message }) => message).join('; '), { issues })
}

/** What both kinds of evaluation give; of a stored set there is nothing clean, and no sequences. */
type Measured = Omit<Evaluation, 'clean' | 'corruption' | 'perturbation' | 'calibration'> &
  Pick<EvaluationReport, 'clean' | 'corruption' | 'perturbation' | 'calibration'>

interface Input {
  store: ObjectStore
  job: EvaluateJobFile
  dataset: DatasetManifest
}

/** Loads the images once; gives what measures one model on them. */
async function openMeasuring(
  { store, job, dataset }: Input,
  { emitter, control }: Pick<JobContext, 'emitter' | 'control'>,
) {
  const { options, versionPrefix: prefix } = job
  const {
    picture: { height, width },
    classes,
    versionId,
    contentSha256,
  } = dataset
  const { seed } = options
  const onBytes = (done: number, total: number) =>
    emitter.progress({ phase: 'loading', done, total, unit: 'bytes', secondsLeft: null })
  const split =
    dataset.storedCells === null ? await loadSplit({ store, prefix, manifest: dataset, split: 'test', onBytes }) : null
  const onTrouble = (message: string) => emitter.emit({ type: 'log', level: 'warn', message: message.slice(0, 4000) })
  const cacheFor = (set: string) =>
    openPictureCache({ store, versionPrefix: prefix, contentSha256, seed, set, onTrouble })

  return async (
    { manifest, model }: OpenedModel,
    subject: string,
    reference?: Reference,
  ): Promise<{ evaluation: Measured; gallery: Gallery | null }> => {
    const labelOf = (label: number) => manifest.classes.indexOf(classes[label]!)
    const { execution, precision } = manifest.spec
    const batch = evaluationBatch(dataset.splits.test.count, options.corruptionImages)
    const forward = recordForward({ model, height, width, batchSize: batch, execution, precision })
    const common = {
      predict: (images: Uint8Array) => forward.run(images),
      seed,
      reference,
      signal: control.signal,
      batch,
      subject,
      onProgress: ({
        done,
        total,
        imagesPerSecond,
        secondsLeft,
      }: {
        done: number
        total: number
        imagesPerSecond: number
        secondsLeft: number
      }) => emitter.progress({ phase: 'evaluating', done, total, unit: 'images', imagesPerSecond, secondsLeft }),
    }
    try {
      if (!split)
        return {
          evaluation: asMeasured(
            await evaluateStored({ ...common, store, prefix, manifest: dataset, labelOf, spec: options }),
          ),
          gallery: null,
        }
      const test: TestSplit = {
        images: split.images,
        labels: split.labels.map(labelOf),
        height,
        width,
        classes: manifest.classes,
        versionId,
        ids: null,
      }
      const evaluation = await measureModel({ ...common, test, spec: options, jpeg: jpegRoundTrip, cacheFor })
      return {
        evaluation,
        gallery: evaluation.corruption && (await makeGallery({ test, seed, jpeg: jpegRoundTrip, encodePng })),
      }
    } catch (error) {
      throw control.request === 'stop' && control.signal.aborted
        ? new Failure('CANCELED', 'the evaluation was stopped: there is nothing to keep', { cause: error })
        : error
    } finally {
      forward.dispose()
      model.dispose()
    }
  }
}

const asMeasured = (stored: StoredEvaluation): Measured => ({ ...stored, clean: null, perturbation: null })

/** The reference model on the same pictures; undefined where none is named. */
async function measureReference(
  store: ObjectStore,
  { reference }: EvaluateJobFile,
  measure: Awaited<ReturnType<typeof openMeasuring>>,
): Promise<Reference | undefined> {
  if (!reference) return undefined
  const {
    evaluation: { corruption, perturbation, predictions },
  } = await measure(await openModel(store, reference.modelPrefix), `the reference model ${reference.name}`)
  return referenceOf(reference, { versionId: predictions.versionId, corruption, perturbation })
}

interface Found {
  opened: OpenedModel
  dataset: DatasetManifest
  evaluation: Measured
}

function assemble(
  job: EvaluateJobFile,
  { opened: { manifest, report }, dataset, evaluation }: Found,
): EvaluationReport {
  const { clean, corruption, perturbation, calibration } = evaluation
  const { splits, picture, versionId, testWasGiven } = dataset
  return evaluationReport.parse({
    schemaVersion: 1,
    model: { ...report.model, name: job.name, id: job.modelId, trainedOn: manifest.versionId },
    dataset: {
      versionId,
      name: null,
      classes: manifest.classes,
      imageSize: { height: picture.height, width: picture.width },
      counts: { train: splits.train.count, test: splits.test.count, unlabelled: splits.unlabelled.count },
      testPerClass: manifest.classes.map((name) => splits.test.perClass[dataset.classes.indexOf(name)]!),
      testWasGiven,
    },
    evaluated: { images: clean?.images ?? 0, total: splits.test.count },
    clean,
    corruption,
    perturbation,
    calibration,
    notes: reportNotes(evaluation),
    notMeasured: notMeasured(evaluation),
    environment: describeEnvironment(),
  })
}

interface ToPublish {
  report: EvaluationReport
  evaluation: Measured
  gallery: Gallery | null
  opened: OpenedModel
}

async function publish(
  store: ObjectStore,
  { jobId, attempt, modelId, outputPrefix }: EvaluateJobFile,
  { report, evaluation, gallery, opened }: ToPublish,
) {
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
      bytes: writePredictions(evaluation.predictions),
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
      meanCorruptionError: report.corruption?.meanError15 ?? null,
      meanFlipProbability: report.perturbation?.meanFlip10 ?? null,
      files,
    }),
  )
}
