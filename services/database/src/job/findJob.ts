import { and, count, eq, lt, lte, or } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { job } from '../schema.js'

type JobRow = typeof job.$inferSelect

export async function findJob(queries: Queries, { projectId, jobId }: { projectId: string; jobId: string }): Promise<JobRow | undefined> {
  const [row] = await queries.select().from(job).where(and(eq(job.id, jobId), eq(job.projectId, projectId)))
  return row
}

/** The same, held until the transaction ends. */
export async function lockJob(tx: Queries, { projectId, jobId }: { projectId: string; jobId: string }): Promise<JobRow | undefined> {
  const [row] = await tx.select().from(job).where(and(eq(job.id, jobId), eq(job.projectId, projectId))).for('update')
  return row
}

/** The place of a waiting job among all that wait; 1: it is the next. */
export async function queuePosition(queries: Queries, { id, queuedAt }: Pick<JobRow, 'id' | 'queuedAt'>): Promise<number> {
  const before = or(lt(job.queuedAt, queuedAt), and(eq(job.queuedAt, queuedAt), lte(job.id, id)))
  const [row] = await queries.select({ count: count() }).from(job).where(and(eq(job.state, 'queued'), before))
  return row!.count
}
