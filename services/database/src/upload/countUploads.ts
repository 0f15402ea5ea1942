import { count } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { upload } from '../schema.js'

export async function countUploads(queries: Queries): Promise<{ state: string; count: number }[]> {
  return queries.select({ state: upload.state, count: count() }).from(upload).groupBy(upload.state)
}
