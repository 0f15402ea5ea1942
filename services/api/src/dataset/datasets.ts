import { datasetId, Failure, type DatasetSummary } from '@imclr/contract'
import {
  deleteDataset as removeDataset,
  findDataset,
  lockDataset,
  referencesToDataset,
  type DatasetRow,
} from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { assertUnreferenced } from '../request/references.js'

/** Finds a data set of the caller's project. Throws Failure NOT_FOUND. */
export async function requireDataset({ database, caller }: Call, datasetId: string): Promise<DatasetRow> {
  const row = await findDataset(database.queries, { projectId: caller.projectId, datasetId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no data set ${datasetId}`)
  return row
}

export function toDataset({ id, name, createdAt, latestVersionId, preparingJobId }: DatasetRow): DatasetSummary {
  return { id, name, createdAt: createdAt.toISOString(), latestVersionId, preparingJobId }
}

export const deletedDataset = z.object({ datasetId })

/**
 * Deletes a data set, and those of its versions that no other data set has. Throws Failure IN_USE where models or
 * unfinished jobs need it.
 */
export async function deleteDataset(call: Call, input: { datasetId: string }): Promise<z.infer<typeof deletedDataset>> {
  const { datasetId } = input
  return idempotent(call, input, async (tx) => {
    if (!(await lockDataset(tx, { projectId: call.caller.projectId, datasetId })))
      throw new Failure('NOT_FOUND', `There is no data set ${datasetId}`)
    assertUnreferenced(`Data set ${datasetId}`, await referencesToDataset(tx, datasetId))
    await removeDataset(tx, datasetId)
    return { datasetId }
  })
}
