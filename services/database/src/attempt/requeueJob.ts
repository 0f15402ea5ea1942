import type { FailureRecord } from '@imclr/contract'
import { eq } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents, logEvent, type JobRow } from '../tables/job.js'
import { lockFenced, secondsFromNow, type Fence } from './lease.js'

export interface Requeue {
  /** Why the attempt failed. Null where it was suspended, which does not count as a failed attempt. */
  failure: FailureRecord | null
  /** How long the next attempt has to wait. */
  delaySeconds: number
  secondsSpent: number
  /** Why the job waits, in words for the user. */
  reason: string
  /** The end of the trainer's log, where it helps to understand the failure. */
  log: string | null
}

/**
 * Puts a job whose attempt is over back into the queue, under a new entry. Throws Failure CONFLICT where the attempt
 * was superseded.
 */
export function requeueJob(
  database: Database,
  fence: Fence,
  { failure, delaySeconds, secondsSpent, reason, log }: Requeue,
): Promise<JobRow> {
  return database.transaction(async (tx) => {
    const row = await lockFenced(tx, fence)
    const failedAttempts = row.failedAttempts + (failure === null ? 0 : 1)
    const [queued] = await tx
      .update(job)
      .set({
        state: 'queued',
        failedAttempts,
        queueEntry: row.queueEntry + 1,
        queuedAt: new Date(),
        notBefore: delaySeconds > 0 ? secondsFromNow(delaySeconds) : null,
        secondsSpent: row.secondsSpent + secondsSpent,
        leaseOwner: null,
        leaseUntil: null,
        runner: null,
        waitingFor: reason,
      })
      .where(eq(job.id, fence.jobId))
      .returning()
    const lastEvent = await appendEvents(tx, { ...fence, lastEvent: row.lastEvent, time: new Date() }, [
      ...logEvent(log),
      ...(failure === null
        ? []
        : [
            {
              line: null,
              event: { type: 'retry', failure, attempt: failedAttempts + 1, of: row.limits.maxAttempts } as const,
            },
          ]),
      { line: null, event: { type: 'state', state: 'queued', reason } },
    ])
    return { ...queued!, lastEvent }
  })
}
