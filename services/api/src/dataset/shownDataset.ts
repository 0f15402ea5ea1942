import { Failure, type DatasetSummary, type VersionSummary } from '@imclr/contract'
import { findDataset, findVersion, type DatasetRow, type VersionRow } from '@imclr/database'
import type { Call } from '../request/context.js'

/** A data set of the caller's project. Throws Failure NOT_FOUND. */
export async function ownDataset({ database, caller }: Call, datasetId: string): Promise<DatasetRow> {
  const row = await findDataset(database.queries, { projectId: caller.projectId, datasetId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no data set ${datasetId}`)
  return row
}

export function shownDataset({ id, name, createdAt, latestVersionId, preparingJobId }: DatasetRow): DatasetSummary {
  return { id, name, createdAt: createdAt.toISOString(), latestVersionId, preparingJobId }
}

/** A version of the caller's project. Throws Failure NOT_FOUND. */
export async function ownVersion({ database, caller }: Call, versionId: string): Promise<VersionRow> {
  const row = await findVersion(database.queries, { projectId: caller.projectId, versionId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
  return row
}

export function shownVersion({ id, datasetId, summary, bytes, createdAt }: VersionRow): VersionSummary {
  return { id, datasetId, ...summary, bytes, createdAt: createdAt.toISOString() }
}
