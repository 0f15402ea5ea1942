import { and, eq, inArray, isNotNull, lt, ne, notInArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { unfinishedStates } from '../job/listJobs.js'
import { collect, job, upload } from '../schema.js'
import type { UploadRow } from './insertUpload.js'

/** Notes that an upload is complete, and which job reads it; null: none. */
export async function closeUpload(
  tx: Queries,
  { uploadId, jobId }: { uploadId: string; jobId: string | null },
): Promise<void> {
  await tx.update(upload).set({ state: 'completed', jobId }).where(eq(upload.id, uploadId))
}

/** Gives an upload up, and has what may lie under `prefix` collected. `undefined`: it is completed. */
export async function giveUpUpload(
  tx: Queries,
  { uploadId, prefix }: { uploadId: string; prefix: string },
): Promise<UploadRow | undefined> {
  const [row] = await tx
    .update(upload)
    .set({ state: 'aborted' })
    .where(and(eq(upload.id, uploadId), ne(upload.state, 'completed')))
    .returning()
  if (row !== undefined) await tx.insert(collect).values({ prefix }).onConflictDoNothing()
  return row
}

/** Deletes the rows of closed uploads whose time was over before then, but for those that an unfinished job still reads. Gives how many there were. */
export async function forgetUploads(queries: Queries, olderThan: Date): Promise<number> {
  const read = queries
    .select({ id: job.uploadId })
    .from(job)
    .where(and(isNotNull(job.uploadId), inArray(job.state, [...unfinishedStates])))
  return (
    await queries
      .delete(upload)
      .where(and(ne(upload.state, 'open'), lt(upload.expiresAt, olderThan), notInArray(upload.id, read)))
      .returning({ id: upload.id })
  ).length
}
