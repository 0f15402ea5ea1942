import { datasetId, Failure } from '@imclr/contract'
import { deleteDataset as removeDataset, lockDataset, neededOfDataset } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { refuseNeeded } from '../request/refuseNeeded.js'

export const deletedDataset = z.object({ datasetId })

/**
 * Deletes a data set with those of its versions that no other data set has. Throws Failure IN_USE where models or
 * unfinished jobs need it.
 */
export async function deleteDataset(call: Call, input: { datasetId: string }): Promise<z.infer<typeof deletedDataset>> {
  const { datasetId } = input
  return idempotent(call, input, async (tx) => {
    if (!(await lockDataset(tx, { projectId: call.caller.projectId, datasetId })))
      throw new Failure('NOT_FOUND', `There is no data set ${datasetId}`)
    refuseNeeded(`Data set ${datasetId}`, await neededOfDataset(tx, datasetId))
    await removeDataset(tx, datasetId)
    return { datasetId }
  })
}
