import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { project } from '../schema.js'
import type { ProjectRow } from './insertProject.js'

export async function listProjects(queries: Queries, slice: Slice): Promise<ProjectRow[]> {
  const { where, orderBy } = newestFirst(project, slice)
  return queries
    .select()
    .from(project)
    .where(where)
    .orderBy(...orderBy)
    .limit(slice.limit)
}
