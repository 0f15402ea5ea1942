import { Failure } from '@imclr/contract'
import { holdModel, type ModelRow, type Queries } from '@imclr/database'

/** The model that others are measured against, held by the transaction; null where none is named. Throws Failure NOT_FOUND. */
export async function holdReference(
  tx: Queries,
  { projectId, referenceModelId }: { projectId: string; referenceModelId: string | null },
): Promise<ModelRow | null> {
  if (referenceModelId === null) return null
  const reference = await holdModel(tx, { projectId, modelId: referenceModelId })
  if (reference === undefined)
    throw new Failure('NOT_FOUND', `There is no model ${referenceModelId} to be the reference`)
  return reference
}
