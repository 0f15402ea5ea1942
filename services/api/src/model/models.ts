import { Failure, modelId, type ModelSummary } from '@imclr/contract'
import {
  deleteModel as removeModel,
  findModel,
  lockModel,
  referencesToModel,
  setModelPublic,
  type ModelRow,
  type Queries,
} from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { assertUnreferenced } from '../request/references.js'

/** Finds a model of the caller's project. Throws Failure NOT_FOUND. */
export async function requireModel({ database, caller }: Call, modelId: string): Promise<ModelRow> {
  const row = await findModel(database.queries, { projectId: caller.projectId, modelId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
  return row
}

export function toModel(row: ModelRow): ModelSummary {
  const { id, name, jobId, datasetId, versionId, endedEarly, bytes, manifest } = row
  const { network, layers, origin, spec, classes, picture, parameters, epochsTrained, accuracy, files } = manifest
  return {
    id,
    name,
    jobId,
    datasetId,
    versionId,
    network,
    layers,
    origin,
    mode: spec.mode,
    classes,
    picture,
    parameters,
    epochsTrained,
    endedEarly,
    accuracy,
    public: row.public,
    bytes,
    files,
    createdAt: row.createdAt.toISOString(),
  }
}

export const deletedModel = z.object({ modelId })

/**
 * Deletes a model with its files. Throws Failure IN_USE where an unfinished job evaluates it, begins with it or
 * compares others with it, and where an experiment has not stored its results yet.
 */
export async function deleteModel(call: Call, input: { modelId: string }): Promise<z.infer<typeof deletedModel>> {
  return idempotent(call, input, async (tx) => {
    await deleteModelIn(tx, { projectId: call.caller.projectId, ...input })
    return input
  })
}

/** Deletes a model in a transaction that does more. */
export async function deleteModelIn(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<void> {
  const model = await lockModel(tx, { projectId, modelId })
  if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
  assertUnreferenced(`Model ${modelId}`, await referencesToModel(tx, model))
  await removeModel(tx, model)
}

export const setPublicRequest = z.strictObject({ modelId, public: z.boolean() })

/** Makes a model's files readable for everybody, or ends that. Copies in caches stay. */
export async function setPublic(
  { database, caller }: Call,
  input: z.output<typeof setPublicRequest>,
): Promise<ModelSummary> {
  const { modelId, public: isPublic } = input
  // In a transaction: where the row cannot be read, nothing changes.
  const row = await database.transaction((tx) => setModelPublic(tx, { projectId: caller.projectId, modelId, isPublic }))
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no model ${input.modelId}`)
  return toModel(row)
}
