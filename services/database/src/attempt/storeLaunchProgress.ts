import type { Progress } from '@imclr/contract'
import { eq, sql } from 'drizzle-orm'
import type { Database } from '../database.js'
import { job } from '../schema.js'
import { appendEvents } from '../tables/job.js'
import { lockFenced, type Fence } from './lease.js'

/**
 * Stores how far the launch of an attempt is, before its trainer says anything. Throws Failure CONFLICT where the
 * attempt was superseded.
 */
export function storeLaunchProgress(database: Database, fence: Fence, progress: Progress): Promise<void> {
  return database.transaction(async (tx) => {
    const row = await lockFenced(tx, fence)
    await appendEvents(tx, { ...fence, lastEvent: row.lastEvent, time: new Date() }, [
      { line: null, event: { type: 'progress', ...progress } },
    ])
    await tx
      .update(job)
      .set({ progress, heartbeatAt: sql`clock_timestamp()` })
      .where(eq(job.id, fence.jobId))
  })
}
