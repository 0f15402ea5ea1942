import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { project } from '../schema.js'

export type ProjectRow = typeof project.$inferSelect

/** Gives `undefined` where the name is taken. */
export async function insertProject(
  queries: Queries,
  row: typeof project.$inferInsert,
): Promise<ProjectRow | undefined> {
  const [inserted] = await queries.insert(project).values(row).onConflictDoNothing({ target: project.name }).returning()
  return inserted
}

export async function findProject(queries: Queries, projectId: string): Promise<ProjectRow | undefined> {
  const [row] = await queries.select().from(project).where(eq(project.id, projectId))
  return row
}

export async function listProjects(queries: Queries, slice: Slice): Promise<ProjectRow[]> {
  const { where, orderBy } = newestFirst(project, slice)
  return queries
    .select()
    .from(project)
    .where(where)
    .orderBy(...orderBy)
    .limit(slice.limit)
}
