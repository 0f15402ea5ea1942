import type { TrainerEvent } from '@imclr/contract'
import { eq, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents, type NewEvent } from './appendEvents.js'
import { lockFenced, type Fence, type JobRow } from './fence.js'

export interface TrainerLine {
  /** From 1, in the attempt's events file. */
  number: number
  /** Null: the line held nothing. */
  event: TrainerEvent | null
}

/**
 * Stores what a trainer wrote, together with how far its file was read: all or nothing, so that a follower that starts
 * anew goes on behind the last stored line. Keeps the job's progress, last checkpoint and heartbeat. Gives what somebody may
 * have asked of the job meanwhile. Throws Failure CONFLICT.
 */
export function recordLines(
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

/** What the job's row shows of the lines: the newest progress and checkpoint. */
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
