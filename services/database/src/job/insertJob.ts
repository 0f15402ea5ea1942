import { appendEvents } from '../attempt/appendEvents.js'
import type { Queries } from '../database.js'
import { job } from '../schema.js'
import { queuePosition } from './findJob.js'

/** Records a job that waits, with its first event. To be queued once the transaction has committed. */
export async function insertJob(
  tx: Queries,
  row: typeof job.$inferInsert & { queuedAt: Date },
): Promise<typeof job.$inferSelect> {
  const [inserted] = await tx.insert(job).values(row).returning()
  const position = await queuePosition(tx, inserted!)
  const lastEvent = await appendEvents(tx, { jobId: row.id, attempt: 0, lastEvent: 0, time: row.queuedAt }, [
    { line: null, event: { type: 'queued', position } },
  ])
  return { ...inserted!, lastEvent }
}
