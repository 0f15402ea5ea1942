import type { Queries } from '../database.js'
import { project } from '../schema.js'

export type ProjectRow = typeof project.$inferSelect

/** `undefined`: the name is taken. */
export async function insertProject(
  queries: Queries,
  row: typeof project.$inferInsert,
): Promise<ProjectRow | undefined> {
  const [inserted] = await queries.insert(project).values(row).onConflictDoNothing({ target: project.name }).returning()
  return inserted
}
