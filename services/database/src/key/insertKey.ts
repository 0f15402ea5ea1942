import type { Queries } from '../database.js'
import { apiKey } from '../schema.js'

export type KeyRow = typeof apiKey.$inferSelect

export async function insertKey(queries: Queries, key: typeof apiKey.$inferInsert): Promise<KeyRow> {
  const [row] = await queries.insert(apiKey).values(key).returning()
  return row!
}
