import type { JobKind, JobState } from '@imclr/contract'
import { and, count, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { job } from '../schema.js'

export const unfinishedStates = ['queued', 'starting', 'running', 'paused'] as const satisfies JobState[]

export interface JobFilter {
  projectId: string
  state?: JobState | undefined
  kind?: JobKind | undefined
  datasetId?: string | undefined
  versionId?: string | undefined
}

export async function listJobs(
  queries: Queries,
  { projectId, state, kind, datasetId, versionId, ...slice }: JobFilter & Slice,
): Promise<(typeof job.$inferSelect)[]> {
  const { where, orderBy } = newestFirst(job, slice)
  const filter = and(
    eq(job.projectId, projectId),
    state && eq(job.state, state),
    kind && eq(job.kind, kind),
    datasetId === undefined ? undefined : eq(job.datasetId, datasetId),
    versionId === undefined ? undefined : eq(job.versionId, versionId),
  )
  return queries
    .select()
    .from(job)
    .where(and(filter, where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

export async function countJobs(queries: Queries): Promise<{ kind: JobKind; state: JobState; count: number }[]> {
  return queries.select({ kind: job.kind, state: job.state, count: count() }).from(job).groupBy(job.kind, job.state)
}
