import { comparison, evaluationPaths, evaluationSummary, Failure, jobId } from '@imclr/contract'
import { z } from 'zod'
import { comparePredictions } from '../model/comparePredictions.js'
import type { Call } from '../request/context.js'
import { evaluationOf, inShort } from './evaluation.js'
import { ownJob } from './shownJob.js'

export const compareEvaluationsRequest = z.strictObject({ a: jobId, b: jobId })
export const comparedEvaluations = z.object({ a: evaluationSummary, b: evaluationSummary, ...comparison.shape })

/**
 * Compares two evaluations on one version, image by image, whatever their models were trained on. Differences are `b` minus `a`.
 * Throws Failure CONFLICT where one is no evaluation that has succeeded, where they are of different versions, or of a stored set of
 * corrupted images, which has no clean ones.
 */
export async function compareEvaluations(call: Call, input: z.output<typeof compareEvaluationsRequest>): Promise<z.infer<typeof comparedEvaluations>> {
  const [one, other] = await Promise.all([ownJob(call, input.a), ownJob(call, input.b)])
  const [a, b] = await Promise.all([evaluationOf(call, one), evaluationOf(call, other)])
  if (a.versionId !== b.versionId) throw new Failure('CONFLICT', `Evaluations are compared on the same test images; ${a.jobId} is of ${a.versionId} and ${b.jobId} of ${b.versionId}`)
  if (a.accuracy === null || b.accuracy === null) throw new Failure('CONFLICT', `${a.versionId} is a stored set of corrupted images: there are no clean ones to compare on`)
  return { a: inShort(a), b: inShort(b), ...await comparePredictions(call.store, one.outputPrefix! + evaluationPaths.predictions, other.outputPrefix! + evaluationPaths.predictions) }
}
