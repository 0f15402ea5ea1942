import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { project } from '../schema.js'
import type { ProjectRow } from './insertProject.js'

export async function findProject(queries: Queries, projectId: string): Promise<ProjectRow | undefined> {
  const [row] = await queries.select().from(project).where(eq(project.id, projectId))
  return row
}
