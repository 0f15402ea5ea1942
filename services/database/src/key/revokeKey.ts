import { and, eq, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { apiKey } from '../schema.js'
import type { KeyRow } from './insertKey.js'

/** Ends a key; one that was ended before keeps its time. */
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
