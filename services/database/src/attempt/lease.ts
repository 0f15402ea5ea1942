import { and, eq, inArray, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job, type Runner } from '../schema.js'
import { secondsFromNow } from './claimJob.js'
import { activeStates, holds, superseded, type Fence, type JobRow } from './fence.js'

/** Prolongs the lease; gives what somebody may have asked of the job meanwhile, null where the lease is another's. */
export async function renewLease(
  database: Database,
  fence: Fence,
  leaseSeconds: number,
): Promise<Pick<JobRow, 'cancelRequested'> | null> {
  const [row] = await database.queries
    .update(job)
    .set({ leaseUntil: secondsFromNow(leaseSeconds) })
    .where(holds(fence))
    .returning({ cancelRequested: job.cancelRequested })
  return row ?? null
}

/** Takes over a job that was left running: one's own from before a restart, or one whose lease has run out. Null: somebody else was faster, or it has ended. */
export async function takeLease(database: Database, fence: Fence, leaseSeconds: number): Promise<JobRow | null> {
  const { jobId, attempt, owner } = fence
  const free = or(eq(job.leaseOwner, owner), lt(job.leaseUntil, sql`clock_timestamp()`))
  const [row] = await database.queries
    .update(job)
    .set({ leaseOwner: owner, leaseUntil: secondsFromNow(leaseSeconds) })
    .where(and(eq(job.id, jobId), eq(job.attempt, attempt), inArray(job.state, [...activeStates]), free))
    .returning()
  return row ?? null
}

/** Notes where the attempt's trainer runs. Throws Failure CONFLICT. */
export async function recordRunner(database: Database, fence: Fence, runner: Runner): Promise<void> {
  const rows = await database.queries.update(job).set({ runner }).where(holds(fence)).returning({ id: job.id })
  if (rows.length === 0) throw superseded(fence)
}
