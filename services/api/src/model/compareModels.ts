import { artifactPaths, comparison, Failure, modelId, modelSummary, type EvaluationComparison } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import pLimit from 'p-limit'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { requireObject } from '../request/references.js'
import { runOnThread } from '../thread/runOnThread.js'
import { requireModel, toModel } from './models.js'

export const compareModelsRequest = z.strictObject({ a: modelId, b: modelId })
export const comparedModels = z.object({ a: modelSummary, b: modelSummary, ...comparison.shape })

/**
 * Compares two models image by image, on the test images of the version that both were trained on. Differences are `b`
 * minus `a`. Throws Failure CONFLICT where the models are of different versions.
 */
export async function compareModels(
  call: Call,
  input: z.output<typeof compareModelsRequest>,
): Promise<z.infer<typeof comparedModels>> {
  const [a, b] = await Promise.all([requireModel(call, input.a), requireModel(call, input.b)])
  if (a.versionId !== b.versionId)
    throw new Failure(
      'CONFLICT',
      `Models are compared on the same test images; ${a.id} is of ${a.versionId} and ${b.id} of ${b.versionId}. Evaluate both on one version (job.evaluate), and compare the evaluations (job.compareEvaluations)`,
    )
  const { clean, ...rest } = await comparePredictions(
    call.store,
    a.prefix + artifactPaths.predictions,
    b.prefix + artifactPaths.predictions,
  )
  if (clean === null)
    throw new Failure('ARTIFACT_INVALID', `${a.id} and ${b.id} have no predictions for the clean test images`)
  return { a: toModel(a), b: toModel(b), clean, ...rest }
}

/** A comparison has a thread and all predictions in memory, so no more than two run at once. */
const limitConcurrency = pLimit(2)

/**
 * Compares two stored files of predictions of the same test images. `first` and `second` are their keys; differences
 * are second minus first.
 */
export function comparePredictions(store: ObjectStore, first: string, second: string): Promise<EvaluationComparison> {
  return limitConcurrency(async () => {
    const files = await Promise.all([requireObject(store.read(first)), requireObject(store.read(second))])
    return runOnThread('comparePredictions', ...files)
  })
}
