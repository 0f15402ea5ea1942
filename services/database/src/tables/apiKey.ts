import { and, eq, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { apiKey } from '../schema.js'

export type KeyRow = typeof apiKey.$inferSelect

export async function insertKey(queries: Queries, key: typeof apiKey.$inferInsert): Promise<KeyRow> {
  const [row] = await queries.insert(apiKey).values(key).returning()
  return row!
}

/** The keys that begin with `prefix`: nearly always one or none. The caller tells them apart by their SHA-256. */
export async function findKeysByPrefix(queries: Queries, prefix: string): Promise<KeyRow[]> {
  return queries.select().from(apiKey).where(eq(apiKey.prefix, prefix))
}

export async function listKeys(queries: Queries, slice: Slice & { projectId: string }): Promise<KeyRow[]> {
  const { where, orderBy } = newestFirst(apiKey, slice)
  return queries
    .select()
    .from(apiKey)
    .where(and(eq(apiKey.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

/** Revokes a key. A key that was revoked before keeps the time of the first time. */
export async function revokeKey(
  queries: Queries,
  { projectId, keyId, at }: { projectId: string; keyId: string; at: Date },
): Promise<KeyRow | undefined> {
  const [row] = await queries
    .update(apiKey)
    .set({ revokedAt: sql`coalesce(${apiKey.revokedAt}, ${at.toISOString()}::timestamptz)` })
    .where(and(eq(apiKey.id, keyId), eq(apiKey.projectId, projectId)))
    .returning()
  return row
}

/** Stores when a key was last used. */
export async function touchKey(queries: Queries, { keyId, at }: { keyId: string; at: Date }): Promise<void> {
  await queries.update(apiKey).set({ lastUsedAt: at }).where(eq(apiKey.id, keyId))
}

export async function anyKeyExists(queries: Queries): Promise<boolean> {
  return (await queries.select({ id: apiKey.id }).from(apiKey).limit(1)).length > 0
}

/** The number of the advisory lock: any that nobody else uses. */
const firstStartLock = 4_700_181_206

/** Makes others that want to create the first key wait until the transaction ends. */
export async function lockFirstStart(tx: Queries): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${firstStartLock})`)
}
