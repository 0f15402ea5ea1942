import { Failure, type ModelSummary } from '@imclr/contract'
import { findModel, type ModelRow } from '@imclr/database'
import type { Call } from '../request/context.js'

/** A model of the caller's project. Throws Failure NOT_FOUND. */
export async function ownModel({ database, caller }: Call, modelId: string): Promise<ModelRow> {
  const row = await findModel(database.queries, { projectId: caller.projectId, modelId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
  return row
}

export function shownModel(row: ModelRow): ModelSummary {
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
