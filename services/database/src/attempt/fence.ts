import { Failure } from '@imclr/contract'
import { and, eq, inArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { job } from '../schema.js'

export type JobRow = typeof job.$inferSelect

/** Who writes: the scheduler that has the lease, for one attempt of one job. */
export interface Fence {
  jobId: string
  attempt: number
  owner: string
}

export const activeStates = ['starting', 'running'] as const

/** Condition of every write by an attempt: it is the job's current one, it has not ended, and the lease is the writer's. */
export const holds = ({ jobId, attempt, owner }: Fence) =>
  and(eq(job.id, jobId), eq(job.attempt, attempt), eq(job.leaseOwner, owner), inArray(job.state, [...activeStates]))

/** Locks and gives the job's row. Throws Failure CONFLICT where the attempt was superseded. */
export async function lockFenced(tx: Queries, fence: Fence): Promise<JobRow> {
  const [row] = await tx.select().from(job).where(holds(fence)).for('update')
  if (row === undefined) throw superseded(fence)
  return row
}

export const superseded = ({ jobId, attempt }: Fence): Failure =>
  new Failure(
    'CONFLICT',
    `attempt ${attempt} of ${jobId} was superseded: the job has ended, or another scheduler has it`,
  )
