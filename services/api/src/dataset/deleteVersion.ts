import { Failure, versionId } from '@imclr/contract'
import { deleteVersions, lockVersion, neededOfVersions } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { refuseNeeded } from '../request/refuseNeeded.js'

export const deletedVersion = z.object({ versionId })

/** Deletes a version with its files, from every data set that has it. Throws Failure IN_USE where models or unfinished jobs need it. */
export async function deleteVersion(call: Call, input: { versionId: string }): Promise<z.infer<typeof deletedVersion>> {
  const { versionId } = input
  return idempotent(call, input, async (tx) => {
    const version = await lockVersion(tx, { projectId: call.caller.projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    refuseNeeded(`Version ${versionId}`, await neededOfVersions(tx, [versionId]))
    await deleteVersions(tx, [versionId])
    return { versionId }
  })
}
