import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { apiKey } from '../schema.js'

/** Notes when a key was last used. */
export async function touchKey(queries: Queries, { keyId, at }: { keyId: string; at: Date }): Promise<void> {
  await queries.update(apiKey).set({ lastUsedAt: at }).where(eq(apiKey.id, keyId))
}
