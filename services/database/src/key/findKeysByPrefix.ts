import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { apiKey } from '../schema.js'
import type { KeyRow } from './insertKey.js'

/** The keys that begin so: nearly always one or none. Which of them was meant, their SHA-256 decides. */
export async function findKeysByPrefix(queries: Queries, prefix: string): Promise<KeyRow[]> {
  return queries.select().from(apiKey).where(eq(apiKey.prefix, prefix))
}
