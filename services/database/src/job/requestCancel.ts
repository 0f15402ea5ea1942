import { isFinal, type CancelMode } from '@imclr/contract'
import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { notify } from '../notify.js'
import { job } from '../schema.js'
import { lockJob } from './findJob.js'

/** Notes the wish that a job end, and tells the schedulers. `now` is never taken back; a job that has ended stays as it is. */
export async function requestCancel(
  tx: Queries,
  { projectId, jobId, mode }: { projectId: string; jobId: string; mode: CancelMode },
): Promise<typeof job.$inferSelect | undefined> {
  const row = await lockJob(tx, { projectId, jobId })
  if (row === undefined || isFinal(row.state) || row.cancelRequested === 'now' || row.cancelRequested === mode)
    return row
  const [asked] = await tx.update(job).set({ cancelRequested: mode }).where(eq(job.id, jobId)).returning()
  await notify(tx, 'job', jobId)
  return asked
}
