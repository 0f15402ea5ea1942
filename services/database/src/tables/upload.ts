import { and, asc, count, eq, inArray, isNotNull, lt, lte, ne, notInArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { job, unfinishedStates, upload } from '../schema.js'
import { collectPrefixes } from './collect.js'

export type UploadRow = typeof upload.$inferSelect

export async function insertUpload(queries: Queries, row: typeof upload.$inferInsert): Promise<UploadRow> {
  const [inserted] = await queries.insert(upload).values(row).returning()
  return inserted!
}

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

/** Finds the row and locks it until the transaction ends. */
export async function lockUpload(tx: Queries, uploadId: string): Promise<UploadRow | undefined> {
  const [row] = await tx.select().from(upload).where(eq(upload.id, uploadId)).for('update')
  return row
}

/** Open uploads that have expired, the oldest first. */
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

export async function countUploads(queries: Queries): Promise<{ state: string; count: number }[]> {
  return queries.select({ state: upload.state, count: count() }).from(upload).groupBy(upload.state)
}

/** `jobId`: the job that reads the upload, null where no job does. */
export async function markUploadCompleted(
  tx: Queries,
  { uploadId, jobId }: { uploadId: string; jobId: string | null },
): Promise<void> {
  await tx.update(upload).set({ state: 'completed', jobId }).where(eq(upload.id, uploadId))
}

/**
 * Aborts an upload and collects what may lie under `prefix`. Gives `undefined` where the upload is completed already.
 */
export async function markUploadAborted(
  tx: Queries,
  { uploadId, prefix }: { uploadId: string; prefix: string },
): Promise<UploadRow | undefined> {
  const [row] = await tx
    .update(upload)
    .set({ state: 'aborted' })
    .where(and(eq(upload.id, uploadId), ne(upload.state, 'completed')))
    .returning()
  if (row !== undefined) await collectPrefixes(tx, [prefix])
  return row
}

/**
 * Deletes the rows of closed uploads that expired before then, except those that an unfinished job still reads. Gives
 * how many it deleted.
 */
export async function deleteUploadsBefore(queries: Queries, olderThan: Date): Promise<number> {
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
