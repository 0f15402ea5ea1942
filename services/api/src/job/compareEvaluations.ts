import { evaluationComparison, evaluationPaths, evaluationSummary, Failure, jobId } from '@imclr/contract'
import { z } from 'zod'
import { comparePredictions } from '../model/comparePredictions.js'
import type { Call } from '../request/context.js'
import { evaluationOf, inShort } from './evaluation.js'
import { ownJob } from './shownJob.js'

export const compareEvaluationsRequest = z.strictObject({ a: jobId, b: jobId })
export const comparedEvaluations = z.object({
  a: evaluationSummary,
  b: evaluationSummary,
  ...evaluationComparison.shape,
})

/**
 * Compares two evaluations on one version, image by image, whatever their models were trained on. Differences are `b` minus `a`. On a
 * stored set of corrupted images they are compared on those alone. Throws Failure CONFLICT where one is no evaluation that has succeeded, where
 * they are of different versions, or have no images in common.
 */
export async function compareEvaluations(
  call: Call,
  input: z.output<typeof compareEvaluationsRequest>,
): Promise<z.infer<typeof comparedEvaluations>> {
  const [one, other] = await Promise.all([ownJob(call, input.a), ownJob(call, input.b)])
  const [a, b] = await Promise.all([evaluationOf(call, one), evaluationOf(call, other)])
  if (a.versionId !== b.versionId)
    throw new Failure(
      'CONFLICT',
      `Evaluations are compared on the same test images; ${a.jobId} is of ${a.versionId} and ${b.jobId} of ${b.versionId}`,
    )
  const compared = await comparePredictions(
    call.store,
    one.outputPrefix! + evaluationPaths.predictions,
    other.outputPrefix! + evaluationPaths.predictions,
  )
  if (compared.clean === null && compared.corruption === null)
    throw new Failure(
      'CONFLICT',
      `${a.jobId} and ${b.jobId} cannot be compared: ${compared.whyNoCorruption}. Evaluate both with the same options`,
    )
  return { a: inShort(a), b: inShort(b), ...compared }
}
