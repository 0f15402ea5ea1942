import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { apiKey } from '../schema.js'
import type { KeyRow } from './insertKey.js'

export async function listKeys(queries: Queries, slice: Slice & { projectId: string }): Promise<KeyRow[]> {
  const { where, orderBy } = newestFirst(apiKey, slice)
  return queries
    .select()
    .from(apiKey)
    .where(and(eq(apiKey.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}
