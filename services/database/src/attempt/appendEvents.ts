import type { JobEvent } from '@imclr/contract'
import { and, eq, inArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { notify } from '../notify.js'
import { job, jobEvent } from '../schema.js'

export interface NewEvent {
  event: JobEvent['event']
  /** Of the attempt's events file; null: the scheduler's own words. */
  line: number | null
}

const rowsPerInsert = 1000

/**
 * Numbers and stores events behind the job's last one and tells the listeners; an event whose `once` is stored already is
 * dropped. The caller has locked the job's row (numbers have no gaps) and gives its `lastEvent`. Gives the new one.
 */
export async function appendEvents(
  tx: Queries,
  at: { jobId: string; attempt: number; lastEvent: number; time: Date },
  events: NewEvent[],
): Promise<number> {
  const { jobId, attempt, time } = at
  const seen = await storedNames(tx, jobId, events)
  let number = at.lastEvent
  const rows: (typeof jobEvent.$inferInsert)[] = []
  for (const { event, line } of events) {
    const once = ('once' in event ? event.once : undefined) ?? null
    if (once !== null && seen.has(once)) continue
    if (once !== null) seen.add(once)
    rows.push({ jobId, number: ++number, attempt, line, at: time, once, event })
  }
  for (let start = 0; start < rows.length; start += rowsPerInsert)
    await tx.insert(jobEvent).values(rows.slice(start, start + rowsPerInsert))
  if (rows.length > 0) await tx.update(job).set({ lastEvent: number }).where(eq(job.id, jobId))
  await notify(tx, 'job', jobId)
  return number
}

async function storedNames(tx: Queries, jobId: string, events: NewEvent[]): Promise<Set<string>> {
  const names = events.flatMap(({ event }) => ('once' in event && event.once !== undefined ? [event.once] : []))
  if (names.length === 0) return new Set()
  const rows = await tx
    .select({ once: jobEvent.once })
    .from(jobEvent)
    .where(and(eq(jobEvent.jobId, jobId), inArray(jobEvent.once, names)))
  return new Set(rows.flatMap(({ once }) => (once === null ? [] : [once])))
}

/** The end of a trainer's log as an event. */
export const logEvent = (message: string | null): NewEvent[] =>
  message === null ? [] : [{ line: null, event: { type: 'log', level: 'error', message } }]
