import { report as reportSchema, writePredictions } from '@imclr/contract'
import type { DatasetManifest, Report, TrainJobFile, TrainingPosition } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { describeEnvironment } from '../engine/environment.js'
import { bestEpoch } from '../training/bestEpoch.js'
import { encodePng, jpegRoundTrip } from '../image/codec.js'
import { evaluationBatch, recordForward } from '../engine/recordForward.js'
import { assembleReport } from './assembleReport.js'
import { measureModel } from './measureModel.js'
import { makeGallery } from './gallery.js'
import { reportPage } from '@imclr/page'
import { openPictureCache } from './pictureCache.js'
import { referenceOf } from './reference.js'
import { modelAfter } from './refuseNotFinite.js'
import type { EvaluationProgress } from './session.js'
import type { TestSplit } from './testSplit.js'
import type { UnlabelledPool } from '../input/unlabelledPool.js'
import type { ValidationPart } from '../input/openData.js'
import type { LayersModel } from '../engine/tf.js'

export interface EvaluateModelOptions {
  job: TrainJobFile
  dataset: DatasetManifest
  /** The serving model: pixels 0..255 to probabilities. */
  model: LayersModel
  /** Of the network. */
  networkTitle: string
  /** Of the network, frozen ones too. */
  parameters: number
  trained: TrainingPosition
  trainImages: number
  validation: ValidationPart | null
  unlabelled: UnlabelledPool | null
  /** Clean metrics of the weights that were averaged, where the model is their average. */
  rawWeights: Report['rawWeights']
  /** uint8 [count, height, width, 3] and their labels */
  test: { images: Uint8Array; labels: Uint16Array }
  onProgress: (progress: EvaluationProgress) => void
  warn: (message: string) => void
}

export interface EvaluatedModel {
  report: Report
  /** `report.html` */
  page: string
  /** `predictions.bin` */
  predictions: Uint8Array
}

/** Reads the test split, once: the report, its page, and what the model answered for every image. @throws Failure LOSS_NOT_FINITE where it answered with no numbers */
export async function evaluateModel(store: ObjectStore, options: EvaluateModelOptions): Promise<EvaluatedModel> {
  const { job, dataset, model, onProgress, warn } = options
  const { height, width } = dataset.picture
  const { execution, precision, evaluation: spec, subsetSeed: seed } = job.spec // not the training's seed: all models of a version see the same corrupted pictures
  const test: TestSplit = {
    ...options.test,
    height,
    width,
    classes: dataset.classes,
    versionId: dataset.versionId,
    ids: null,
  }
  const batch = evaluationBatch(test.labels.length, spec.corruptionImages)
  const forward = recordForward({ model, height, width, batchSize: batch, execution, precision })
  try {
    const reference = await readReference(store, job)
    const cacheFor = (set: string) =>
      openPictureCache({
        store,
        versionPrefix: job.versionPrefix,
        contentSha256: dataset.contentSha256,
        seed,
        set,
        onTrouble: warn,
      })
    const evaluation = await measureModel({
      predict: (images) => forward.run(images),
      test,
      spec,
      seed,
      jpeg: jpegRoundTrip,
      reference,
      cacheFor,
      onProgress,
      batch,
      subject: modelAfter(options.trained),
    })
    const report = assembleReport({
      ...describeJob(options),
      evaluation,
      rawWeights: options.rawWeights,
      training: describeTraining(options),
      environment: describeEnvironment(),
    })
    const gallery = evaluation.corruption && (await makeGallery({ test, seed, jpeg: jpegRoundTrip, encodePng }))
    return { report, page: reportPage(report, gallery), predictions: writePredictions(evaluation.predictions) }
  } finally {
    forward.dispose()
  }
}

/** What was measured of the model that mCE and mFR are relative to. */
async function readReference(store: ObjectStore, { reference }: TrainJobFile) {
  if (!reference) return undefined
  const {
    dataset: { versionId },
    corruption,
    perturbation,
  } = reportSchema.parse(JSON.parse(Buffer.from(await store.read(reference.reportKey)).toString()))
  return referenceOf(reference, { versionId, corruption, perturbation })
}

function describeTraining({
  job: { spec },
  trained: { history: epochs },
  validation,
  unlabelled,
}: EvaluateModelOptions): Report['training'] {
  const best = bestEpoch(epochs)
  return {
    epochs,
    validation: best &&
      validation && {
        images: validation.split.count,
        source: validation.source,
        positionsSha256: validation.positionsSha256,
        epoch: best.epoch,
        ...best.validation,
      },
    unlabelled: unlabelled && {
      method: spec.semiSupervised!.method,
      images: unlabelled.images.count,
      sources: unlabelled.sources,
      positionsSha256: unlabelled.positionsSha256,
    },
  }
}

function describeJob({
  job: { name, spec },
  dataset,
  networkTitle,
  parameters,
  trained,
  trainImages,
}: EvaluateModelOptions): Pick<Report, 'model' | 'dataset'> {
  const { mode, network, seed, precision, stacking } = spec
  const { splits, picture, classes, versionId, testWasGiven } = dataset
  return {
    model: {
      name,
      mode,
      testInput: mode === 'imclr' ? stacking.testInput : 'single',
      network,
      networkTitle,
      parameters,
      epochsTrained: trained.history.length,
      trainImages,
      seed,
      precision,
      endedEarly: trained.endedEarly,
    },
    dataset: {
      versionId,
      name: null,
      classes,
      imageSize: { height: picture.height, width: picture.width },
      counts: { train: splits.train.count, test: splits.test.count, unlabelled: splits.unlabelled.count },
      testPerClass: splits.test.perClass,
      testWasGiven,
    },
  }
}
