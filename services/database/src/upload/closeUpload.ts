import { and, eq, ne } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { collect, upload } from '../schema.js'
import type { UploadRow } from './insertUpload.js'

export async function completeUpload(tx: Queries, { uploadId, jobId }: { uploadId: string; jobId: string }): Promise<void> {
  await tx.update(upload).set({ state: 'completed', jobId }).where(eq(upload.id, uploadId))
}

/** Gives an upload up, and has what may lie under `prefix` collected. `undefined`: it is completed. */
export async function giveUpUpload(tx: Queries, { uploadId, prefix }: { uploadId: string; prefix: string }): Promise<UploadRow | undefined> {
  const [row] = await tx.update(upload).set({ state: 'aborted' }).where(and(eq(upload.id, uploadId), ne(upload.state, 'completed'))).returning()
  if (row !== undefined) await tx.insert(collect).values({ prefix }).onConflictDoNothing()
  return row
}
