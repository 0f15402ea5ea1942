import { datasetId, jobKind, jobState, pageRequest, versionId, type Job } from '@imclr/contract'
import { listJobs as readJobs } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { pageOf, type Page } from '../request/page.js'
import { shownJob } from './shownJob.js'

export const listJobsRequest = pageRequest
  .extend({
    state: jobState.optional(),
    kind: jobKind.optional(),
    datasetId: datasetId.optional(),
    versionId: versionId.optional(),
  })
  .prefault({})

export async function listJobs(
  { database, caller }: Call,
  input: z.output<typeof listJobsRequest>,
): Promise<Page<Job>> {
  const { state, kind, datasetId, versionId } = input
  return pageOf(
    input,
    (slice) => readJobs(database.queries, { projectId: caller.projectId, state, kind, datasetId, versionId, ...slice }),
    (row) => shownJob(database.queries, row),
  )
}
