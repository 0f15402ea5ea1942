import type { JobEvent } from '@imclr/contract'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { jobEvent } from '../schema.js'

/** Events of a job after a number, the oldest first. */
export async function listEvents(
  queries: Queries,
  { jobId, after, limit }: { jobId: string; after: number; limit: number },
): Promise<JobEvent[]> {
  const { number, attempt, at, event } = jobEvent
  const rows = await queries
    .select({ number, attempt, at, event })
    .from(jobEvent)
    .where(and(eq(jobEvent.jobId, jobId), gt(number, after)))
    .orderBy(asc(number))
    .limit(limit)
  return rows.map((row) => ({ jobId, ...row, at: row.at.toISOString() }))
}
