import { Failure } from '@imclr/contract'
import { and, eq, inArray, lt, or, sql } from 'drizzle-orm'
import type { Database, Queries } from '../database.js'
import { activeStates, job, type Runner } from '../schema.js'
import type { JobRow } from '../tables/job.js'

/** Who writes: the scheduler that has the lease, for one attempt of one job. */
export interface Fence {
  jobId: string
  attempt: number
  owner: string
}

/** The time so many seconds from now by the clock of the database: the clocks of the schedulers may differ. */
export const secondsFromNow = (seconds: number) => sql<Date>`clock_timestamp() + make_interval(secs => ${seconds})`

/**
 * Condition of every write by an attempt: it is the job's current attempt, the job has not ended, and the writer has
 * the lease.
 */
const isHeldBy = ({ jobId, attempt, owner }: Fence) =>
  and(eq(job.id, jobId), eq(job.attempt, attempt), eq(job.leaseOwner, owner), inArray(job.state, [...activeStates]))

/** Locks the job's row and gives it. Throws Failure CONFLICT where the attempt was superseded. */
export async function lockFenced(tx: Queries, fence: Fence): Promise<JobRow> {
  const [row] = await tx.select().from(job).where(isHeldBy(fence)).for('update')
  if (row === undefined) throw superseded(fence)
  return row
}

/**
 * Extends the lease. Gives whether somebody has asked to cancel the job, or null where another scheduler has the lease.
 */
export async function renewLease(
  database: Database,
  fence: Fence,
  leaseSeconds: number,
): Promise<Pick<JobRow, 'cancelRequested'> | null> {
  const [row] = await database.queries
    .update(job)
    .set({ leaseUntil: secondsFromNow(leaseSeconds) })
    .where(isHeldBy(fence))
    .returning({ cancelRequested: job.cancelRequested })
  return row ?? null
}

/**
 * Takes over a job that was left running: one that this scheduler ran before it restarted, or one whose lease has
 * expired. Gives null where another scheduler was faster, or where the job has ended.
 */
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

/** Stores where the trainer of the attempt runs. Throws Failure CONFLICT where the attempt was superseded. */
export async function storeRunner(database: Database, fence: Fence, runner: Runner): Promise<void> {
  const rows = await database.queries.update(job).set({ runner }).where(isHeldBy(fence)).returning({ id: job.id })
  if (rows.length === 0) throw superseded(fence)
}

const superseded = ({ jobId, attempt }: Fence): Failure =>
  new Failure(
    'CONFLICT',
    `attempt ${attempt} of ${jobId} was superseded: the job has ended, or another scheduler has it`,
  )
