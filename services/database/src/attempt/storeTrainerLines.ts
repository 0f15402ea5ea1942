import type { TrainerEvent } from '@imclr/contract'
import { eq, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents, type JobRow, type NewEvent } from '../tables/job.js'
import { lockFenced, type Fence } from './lease.js'

export interface TrainerLine {
  /** Counted from 1 in the attempt's events file. */
  number: number
  /** Null where the line holds no event. */
  event: TrainerEvent | null
}

/**
 * Stores what a trainer wrote, together with how far its events file was read, in one transaction: a follower that
 * restarts continues after the last stored line. Updates the job's progress, last checkpoint and heartbeat. Gives
 * whether somebody has asked to cancel the job. Throws Failure CONFLICT where the attempt was superseded.
 */
export function storeTrainerLines(
  database: Database,
  fence: Fence,
  lines: TrainerLine[],
): Promise<Pick<JobRow, 'cancelRequested'>> {
  return database.transaction(async (tx) => {
    const row = await lockFenced(tx, fence)
    const fresh = lines.filter(({ number }) => number > row.eventsPosition)
    const last = fresh.at(-1)
    if (last === undefined) return row
    const time = new Date()
    const events: NewEvent[] = fresh.flatMap(({ number, event }) => (event === null ? [] : [{ line: number, event }]))
    if (row.state === 'starting')
      events.unshift({ line: null, event: { type: 'state', state: 'running', reason: null } })
    await appendEvents(tx, { ...fence, lastEvent: row.lastEvent, time }, events)
    await tx
      .update(job)
      .set({
        state: 'running',
        eventsPosition: last.number,
        heartbeatAt: sql`clock_timestamp()`,
        ...summary(fresh, time),
      })
      .where(eq(job.id, fence.jobId))
    return row
  })
}

/** The columns of the job that show the newest progress and checkpoint of these lines. */
function summary(lines: TrainerLine[], time: Date): Partial<typeof job.$inferInsert> {
  const newest = <T extends TrainerEvent['type']>(type: T) =>
    lines.findLast(({ event }) => event?.type === type)?.event as Extract<TrainerEvent, { type: T }> | undefined
  const [reported, checkpoint] = [newest('progress'), newest('checkpoint')]
  const set: Partial<typeof job.$inferInsert> = {}
  if (reported) {
    const { type: _, once: __, ...progress } = reported
    set.progress = progress
  }
  if (checkpoint) set.lastCheckpoint = { at: time.toISOString(), epoch: checkpoint.epoch, step: checkpoint.step }
  return set
}
