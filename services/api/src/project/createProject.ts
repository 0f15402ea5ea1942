import { Failure, givenName, makeId, project } from '@imclr/contract'
import { insertProject } from '@imclr/database'
import { z } from 'zod'
import { newKey, storeNewKey } from '../key/createKey.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { shownProject } from './currentProject.js'

export const createProjectRequest = z.strictObject({ name: givenName() })

/** A project, and the key that opens it: no other key does. */
export const newProject = z.object({ project, ...newKey.shape })

/** Throws Failure CONFLICT where the name is taken. */
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
    const key = await storeNewKey(tx, call, {
      projectId: row.id,
      name: 'first key',
      scopes: ['read', 'write', 'keys'],
      expiresAt: null,
    })
    return { project: shownProject(row), ...key }
  })
}
