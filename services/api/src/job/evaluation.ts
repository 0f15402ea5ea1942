import {
  evaluationManifest,
  evaluationPaths,
  Failure,
  type EvaluationManifest,
  type EvaluationSummary,
} from '@imclr/contract'
import type { JobRow } from '@imclr/database'
import type { Call } from '../request/context.js'
import { recordedObject } from '../request/recordedObject.js'
import { ownJob } from './shownJob.js'

/** What came of an evaluation: its numbers in short and its files, which `/v1/evaluations/<job>/<path>` gives. Throws Failure CONFLICT where it has not succeeded. */
export async function evaluation(call: Call, { jobId }: { jobId: string }): Promise<EvaluationSummary> {
  return inShort(await evaluationOf(call, await ownJob(call, jobId)))
}

export const inShort = ({
  jobId,
  modelId,
  versionId,
  accuracy,
  meanCorruptionError,
  meanFlipProbability,
  files,
}: EvaluationManifest): EvaluationSummary => ({
  jobId,
  modelId,
  versionId,
  accuracy,
  meanCorruptionError,
  meanFlipProbability,
  files,
})

/** The manifest of a succeeded evaluation. Throws Failure CONFLICT. */
export async function evaluationOf({ store }: Pick<Call, 'store'>, row: JobRow): Promise<EvaluationManifest> {
  if (row.kind !== 'evaluate') throw new Failure('CONFLICT', `Job ${row.id} is no evaluation`)
  if (row.state !== 'succeeded') throw new Failure('CONFLICT', `Evaluation ${row.id} is ${row.state}: it has no result`)
  const bytes = await recordedObject(store.read(row.outputPrefix! + evaluationPaths.manifest))
  return evaluationManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}
