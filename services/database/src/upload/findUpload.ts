import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { upload } from '../schema.js'
import type { UploadRow } from './insertUpload.js'

export async function findUpload(
  queries: Queries,
  { projectId, uploadId }: { projectId: string; uploadId: string },
): Promise<UploadRow | undefined> {
  const [row] = await queries
    .select()
    .from(upload)
    .where(and(eq(upload.id, uploadId), eq(upload.projectId, projectId)))
  return row
}

/** The row, held until the transaction ends. */
export async function lockUpload(tx: Queries, uploadId: string): Promise<UploadRow | undefined> {
  const [row] = await tx.select().from(upload).where(eq(upload.id, uploadId)).for('update')
  return row
}
