import { and, asc, eq, lte } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { upload } from '../schema.js'
import type { UploadRow } from './insertUpload.js'

/** Uploads whose time is over and that nobody completed, the oldest first. */
export async function listExpiredUploads(
  queries: Queries,
  { now, limit }: { now: Date; limit: number },
): Promise<UploadRow[]> {
  return queries
    .select()
    .from(upload)
    .where(and(eq(upload.state, 'open'), lte(upload.expiresAt, now)))
    .orderBy(asc(upload.expiresAt))
    .limit(limit)
}
