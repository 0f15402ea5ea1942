import { and, eq, isNull, lte, or, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents, type JobRow } from '../tables/job.js'
import { secondsFromNow } from './lease.js'

export interface Claim {
  jobId: string
  /** The scheduler that takes the job. Its lease ends after `leaseSeconds` unless it is renewed. */
  owner: string
  leaseSeconds: number
  /** Where the output of the attempt goes in the store. */
  outputPrefix: (job: { projectId: string; id: string; attempt: number }) => string
}

/**
 * Starts the next attempt of a queued job that is due. Gives null where the job is not queued any more, or not due yet.
 */
export function claimJob(
  database: Database,
  { jobId, owner, leaseSeconds, outputPrefix }: Claim,
): Promise<JobRow | null> {
  return database.transaction(async (tx) => {
    const due = or(isNull(job.notBefore), lte(job.notBefore, sql`clock_timestamp()`))
    const [row] = await tx
      .select()
      .from(job)
      .where(and(eq(job.id, jobId), eq(job.state, 'queued'), due))
      .for('update')
    if (row === undefined) return null
    const now = new Date()
    const attempt = row.attempt + 1
    const [claimed] = await tx
      .update(job)
      .set({
        state: 'starting',
        attempt,
        outputPrefix: outputPrefix({ ...row, attempt }),
        leaseOwner: owner,
        leaseUntil: secondsFromNow(leaseSeconds),
        runner: null,
        eventsPosition: 0,
        heartbeatAt: null,
        notBefore: null,
        waitingFor: null,
        startedAt: row.startedAt ?? now,
        attemptStartedAt: now,
      })
      .where(eq(job.id, jobId))
      .returning()
    const lastEvent = await appendEvents(tx, { jobId, attempt, lastEvent: row.lastEvent, time: now }, [
      { line: null, event: { type: 'state', state: 'starting', reason: null } },
    ])
    return { ...claimed!, lastEvent }
  })
}
