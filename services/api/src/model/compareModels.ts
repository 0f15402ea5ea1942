import { artifactPaths, comparison, Failure, modelId, modelSummary } from '@imclr/contract'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { comparePredictions } from './comparePredictions.js'
import { ownModel, shownModel } from './shownModel.js'

export const compareModelsRequest = z.strictObject({ a: modelId, b: modelId })
export const comparedModels = z.object({ a: modelSummary, b: modelSummary, ...comparison.shape })

/**
 * Compares two models on the test images of the version that both were trained on, image by image. Differences are `b`
 * minus `a`. Throws Failure CONFLICT where they are of different versions.
 */
export async function compareModels(
  call: Call,
  input: z.output<typeof compareModelsRequest>,
): Promise<z.infer<typeof comparedModels>> {
  const [a, b] = await Promise.all([ownModel(call, input.a), ownModel(call, input.b)])
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
  return { a: shownModel(a), b: shownModel(b), clean, ...rest }
}
