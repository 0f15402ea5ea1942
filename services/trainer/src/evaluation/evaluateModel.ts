import type { DatasetManifest, EvaluationSpec } from '@imclr/contract'
import type { Gallery } from '@imclr/page'
import type { ObjectStore } from '@imclr/storage'
import { evaluationBatch, recordForward, type Forward, type ForwardOptions } from '../engine/recordForward.js'
import { encodePng, jpegRoundTrip } from '../image/codec.js'
import { makeGallery } from './gallery.js'
import { measureModel, type EvaluateOptions, type Evaluation } from './measureModel.js'
import { openPictureCache } from './pictureCache.js'
import type { Reference } from './reference.js'
import { evaluateStored, type StoredEvaluation } from './storedSet.js'
import type { TestSplit } from './testSplit.js'

/** The settings that all models of one evaluation share. */
export interface EvaluationSetting {
  store: ObjectStore
  /** The version whose test images are read. `versionPrefix` is the folder of its objects. */
  dataset: DatasetManifest
  versionPrefix: string
  spec: EvaluationSpec
  /** Decides the corrupted pictures and which images are corrupted. */
  seed: number
  signal?: AbortSignal | undefined
  onProgress: NonNullable<EvaluateOptions['onProgress']>
  /** Called once the kind of forward pass is known: a recorded graph, or eager and the reason. */
  onForward: (forward: Forward) => void
  warn: (message: string) => void
}

export interface EvaluatedModel extends Pick<ForwardOptions, 'model' | 'execution' | 'precision'> {
  /** The name of the model in a failure: "the model after epoch 3". */
  subject: string
  reference?: Reference | undefined
}

/**
 * Measures a model on test images in memory. Also draws the gallery if pictures were corrupted. Both a training's test
 * step and an evaluation job use this function.
 *
 * @throws Failure LOSS_NOT_FINITE when an answer is not finite; the signal's reason when the signal is aborted
 */
export function evaluateModel(
  setting: EvaluationSetting,
  test: TestSplit,
  evaluated: EvaluatedModel,
): Promise<{ evaluation: Evaluation; gallery: Gallery | null }> {
  const { store, versionPrefix, dataset, spec, seed, warn } = setting
  return withForward(setting, evaluated, async (common) => {
    const evaluation = await measureModel({
      ...common,
      test,
      spec,
      jpeg: jpegRoundTrip,
      cacheFor: (set) =>
        openPictureCache({ store, versionPrefix, contentSha256: dataset.contentSha256, seed, set, onTrouble: warn }),
    })
    const gallery = evaluation.corruption && (await makeGallery({ test, seed, jpeg: jpegRoundTrip, encodePng }))
    return { evaluation, gallery }
  })
}

/**
 * Measures a model on a stored set of corrupted images (CIFAR-10-C).
 *
 * @param labelOf turns a label of the set into the model's label
 */
export function evaluateStoredSet(
  setting: EvaluationSetting,
  labelOf: (label: number) => number,
  evaluated: EvaluatedModel,
): Promise<StoredEvaluation> {
  const { store, versionPrefix: prefix, dataset: manifest, spec } = setting
  return withForward(setting, evaluated, (common) =>
    evaluateStored({ ...common, store, prefix, manifest, labelOf, spec }),
  )
}

type Common = Pick<EvaluateOptions, 'predict' | 'seed' | 'reference' | 'signal' | 'batch' | 'subject' | 'onProgress'>

async function withForward<Result>(
  { dataset, spec, seed, signal, onProgress, onForward }: EvaluationSetting,
  { model, execution, precision, subject, reference }: EvaluatedModel,
  measure: (common: Common) => Promise<Result>,
): Promise<Result> {
  const { height, width } = dataset.picture
  const batch = evaluationBatch(dataset.splits.test.count, spec.corruptionImages)
  const forward = recordForward({ model, height, width, batchSize: batch, execution, precision })
  try {
    onForward(forward)
    const predict = (images: Uint8Array): Float32Array => forward.run(images)
    return await measure({ predict, seed, reference, signal, batch, subject, onProgress })
  } finally {
    forward.dispose()
  }
}
