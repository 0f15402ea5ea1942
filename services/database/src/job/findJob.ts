import { jobKind, priorityOf, queueOf } from '@imclr/contract'
import { and, count, eq, gt, lt, lte, or } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { job } from '../schema.js'

type JobRow = typeof job.$inferSelect

export async function findJob(
  queries: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<JobRow | undefined> {
  const [row] = await queries
    .select()
    .from(job)
    .where(and(eq(job.id, jobId), eq(job.projectId, projectId)))
  return row
}

/** The same, held until the transaction ends. */
export async function lockJob(
  tx: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<JobRow | undefined> {
  const [row] = await tx
    .select()
    .from(job)
    .where(and(eq(job.id, jobId), eq(job.projectId, projectId)))
    .for('update')
  return row
}

/** The place of a waiting job in its queue; 1: it is the next. */
export async function queuePosition(
  queries: Queries,
  { id, kind, attempt, queuedAt }: Pick<JobRow, 'id' | 'kind' | 'attempt' | 'queuedAt'>,
): Promise<number> {
  const priority = priorityOf({ kind, attempt })
  const groups = jobKind.options
    .filter((each) => queueOf(each) === queueOf(kind))
    .flatMap((each) => [
      { priority: priorityOf({ kind: each, attempt: 0 }), holds: and(eq(job.kind, each), eq(job.attempt, 0)) },
      { priority: priorityOf({ kind: each, attempt: 1 }), holds: and(eq(job.kind, each), gt(job.attempt, 0)) },
    ])
  const earlier = or(...groups.filter((group) => group.priority < priority).map(({ holds }) => holds))
  const same = or(...groups.filter((group) => group.priority === priority).map(({ holds }) => holds))
  const before = or(lt(job.queuedAt, queuedAt), and(eq(job.queuedAt, queuedAt), lte(job.id, id)))
  const [row] = await queries
    .select({ count: count() })
    .from(job)
    .where(and(eq(job.state, 'queued'), or(earlier, and(same, before))))
  return row!.count
}
