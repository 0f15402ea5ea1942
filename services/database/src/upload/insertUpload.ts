import type { Queries } from '../database.js'
import { upload } from '../schema.js'

export type UploadRow = typeof upload.$inferSelect

export async function insertUpload(queries: Queries, row: typeof upload.$inferInsert): Promise<UploadRow> {
  const [inserted] = await queries.insert(upload).values(row).returning()
  return inserted!
}
