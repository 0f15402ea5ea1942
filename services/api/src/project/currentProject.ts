import { Failure, type project } from '@imclr/contract'
import { findProject, type ProjectRow } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'

/** The project of the key that asks. */
export async function currentProject({ database, caller }: Call): Promise<z.infer<typeof project>> {
  const row = await findProject(database.queries, caller.projectId)
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no project ${caller.projectId}`)
  return shownProject(row)
}

export function shownProject({ id, name, createdAt }: ProjectRow): z.infer<typeof project> {
  return { id, name, createdAt: createdAt.toISOString() }
}
