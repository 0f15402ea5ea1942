import { Failure, givenName, makeId, project } from '@imclr/contract'
import { insertProject, type ProjectRow } from '@imclr/database'
import { z } from 'zod'
import { insertNewKey, newKey } from '../key/keys.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'

export function toProject({ id, name, createdAt }: ProjectRow): z.infer<typeof project> {
  return { id, name, createdAt: createdAt.toISOString() }
}

export const createProjectRequest = z.strictObject({ name: givenName() })

/** A project, and its first key: no other key opens it. */
export const newProject = z.object({ project, ...newKey.shape })

/** Creates a project with its first key. Throws Failure CONFLICT where the name is taken. */
export async function createProject(
  call: Call,
  input: z.output<typeof createProjectRequest>,
): Promise<z.infer<typeof newProject>> {
  return idempotent(call, input, async (tx) => {
    const row = await insertProject(tx, {
      id: makeId('prj', call.random(20)),
      name: input.name,
      createdAt: call.clock(),
    })
    if (row === undefined) throw new Failure('CONFLICT', `There is a project '${input.name}' already`)
    const key = await insertNewKey(tx, call, {
      projectId: row.id,
      name: 'first key',
      scopes: ['read', 'write', 'keys'],
      expiresAt: null,
    })
    return { project: toProject(row), ...key }
  })
}
