import type { FailureRecord } from '@imclr/contract'
import { eq } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents, logEvent } from './appendEvents.js'
import { secondsFromNow } from './claimJob.js'
import { lockFenced, type Fence, type JobRow } from './fence.js'

export interface Requeue {
  /** What the attempt failed by, which counts; null: it was suspended, which does not. */
  failure: FailureRecord | null
  /** Earliest start of the next attempt from now. */
  delaySeconds: number
  secondsSpent: number
  /** Why it waits, in words. */
  reason: string
  /** The end of what the trainer wrote to its log, where that helps to understand the failure. */
  log: string | null
}

/** Gives a job whose attempt is over back to the queue, under a new entry. Throws Failure CONFLICT. */
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
