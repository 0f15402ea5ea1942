import { jobKind, priorityOf, queueOf, type QueueName } from '@imclr/contract'
import { and, asc, eq, inArray, isNotNull, isNull, or, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { activeStates, job } from '../schema.js'
import { collectPrefixes } from '../tables/collect.js'
import { appendEvents, type JobRow } from '../tables/job.js'
import { endedColumns } from './finishJob.js'

/** Jobs that a scheduler runs, or ran when it died. */
export function listActive(database: Database): Promise<JobRow[]> {
  return database.queries
    .select()
    .from(job)
    .where(inArray(job.state, [...activeStates]))
}

/**
 * Queued jobs in the order in which they are served. A job may start in `dueIn` seconds, and at once where `dueIn` is 0
 * or less.
 */
export async function listQueued(
  database: Database,
): Promise<
  (Pick<JobRow, 'id' | 'kind' | 'attempt' | 'queueEntry' | 'cancelRequested' | 'waitingFor'> & { dueIn: number })[]
> {
  const dueIn = sql<number>`coalesce(extract(epoch from ${job.notBefore} - clock_timestamp()), 0)::float8`
  const rows = await database.queries
    .select({
      id: job.id,
      kind: job.kind,
      attempt: job.attempt,
      queueEntry: job.queueEntry,
      cancelRequested: job.cancelRequested,
      waitingFor: job.waitingFor,
      dueIn,
    })
    .from(job)
    .where(eq(job.state, 'queued'))
    .orderBy(asc(job.queuedAt), asc(job.id))
  return rows.sort((a, b) => priorityOf(a) - priorityOf(b))
}

/**
 * Gives every waiting job a new queue entry. A scheduler calls this when it starts: the entries that it took before it
 * was killed stay locked in the queue until their locks expire, and the queue may have lost its entries. Superfluous
 * entries do nothing.
 */
export async function renewQueueEntries(database: Database): Promise<void> {
  await database.queries
    .update(job)
    .set({ queueEntry: sql`${job.queueEntry} + 1` })
    .where(eq(job.state, 'queued'))
}

/** Stores why the jobs of a queue wait that could start. */
export async function explainWaiting(database: Database, queue: QueueName, reason: string | null): Promise<void> {
  const due = or(isNull(job.notBefore), sql`${job.notBefore} <= clock_timestamp()`)
  const inQueue = inArray(
    job.kind,
    jobKind.options.filter((kind) => queueOf(kind) === queue),
  )
  await database.queries
    .update(job)
    .set({ waitingFor: reason })
    .where(and(eq(job.state, 'queued'), inQueue, due, sql`${job.waitingFor} is distinct from ${reason}::text`))
}

/**
 * Cancels a waiting job that somebody asked to cancel, and collects its `leftovers`. A job with a checkpoint that is
 * asked to stop gracefully is not canceled here: it gets its turn, to evaluate the checkpoint and keep it as a model.
 *
 * @returns whether it canceled the job
 */
export function cancelQueued(
  database: Database,
  jobId: string,
  leftovers: (job: JobRow) => string[],
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const nothingToKeep = or(eq(job.cancelRequested, 'now'), isNull(job.lastCheckpoint))
    const [row] = await tx
      .select()
      .from(job)
      .where(
        and(eq(job.id, jobId), inArray(job.state, ['queued', 'paused']), isNotNull(job.cancelRequested), nothingToKeep),
      )
      .for('update')
    if (row === undefined) return false
    await tx.update(job).set(endedColumns('canceled')).where(eq(job.id, jobId))
    await collectPrefixes(tx, leftovers(row))
    await appendEvents(tx, { jobId, attempt: row.attempt, lastEvent: row.lastEvent, time: new Date() }, [
      { line: null, event: { type: 'finished', state: 'canceled', modelId: null, versionId: null, failure: null } },
    ])
    return true
  })
}
