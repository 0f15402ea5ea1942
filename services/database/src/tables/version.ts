import type { Issue } from '@imclr/contract'
import { and, desc, eq, inArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { datasetVersion, job, model, unfinishedStates, version, type StoredVersionSummary } from '../schema.js'
import { collectPrefixes } from './collect.js'

/** A version as one data set has it: `createdAt` is when the data set got it. */
export interface VersionRow {
  id: string
  datasetId: string
  prefix: string
  summary: StoredVersionSummary
  bytes: number
  createdAt: Date
}

const columns = {
  id: version.id,
  datasetId: datasetVersion.datasetId,
  prefix: version.prefix,
  summary: version.summary,
  bytes: version.bytes,
  createdAt: datasetVersion.createdAt,
}

/** A version that several data sets have is given as the last of them has it. */
export async function findVersion(
  queries: Queries,
  { projectId, versionId }: { projectId: string; versionId: string },
): Promise<VersionRow | undefined> {
  const [row] = await queries
    .select(columns)
    .from(version)
    .innerJoin(datasetVersion, eq(datasetVersion.versionId, version.id))
    .where(and(eq(version.id, versionId), eq(version.projectId, projectId)))
    .orderBy(desc(datasetVersion.createdAt), desc(datasetVersion.datasetId))
    .limit(1)
  return row
}

/** Finds a version and keeps others from deleting it until the transaction ends. */
export async function lockVersionForShare(
  tx: Queries,
  ids: { projectId: string; versionId: string },
): Promise<VersionRow | undefined> {
  await tx
    .select({ id: version.id })
    .from(version)
    .where(and(eq(version.id, ids.versionId), eq(version.projectId, ids.projectId)))
    .for('share')
  return findVersion(tx, ids)
}

export async function listVersions(queries: Queries, slice: Slice & { datasetId: string }): Promise<VersionRow[]> {
  const { where, orderBy } = newestFirst({ createdAt: datasetVersion.createdAt, id: version.id }, slice)
  return queries
    .select(columns)
    .from(datasetVersion)
    .innerJoin(version, eq(datasetVersion.versionId, version.id))
    .where(and(eq(datasetVersion.datasetId, slice.datasetId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

/** Finds the row and locks it until the transaction ends: no job begins to refer to it meanwhile. */
export async function lockVersion(
  tx: Queries,
  { projectId, versionId }: { projectId: string; versionId: string },
): Promise<typeof version.$inferSelect | undefined> {
  const [row] = await tx
    .select()
    .from(version)
    .where(and(eq(version.id, versionId), eq(version.projectId, projectId)))
    .for('update')
  return row
}

/** What keeps these versions from being deleted: models that were trained on them, and jobs that read them. */
export async function referencesToVersions(tx: Queries, versionIds: string[]): Promise<Issue[]> {
  if (versionIds.length === 0) return []
  const models = await tx
    .select({ id: model.id, name: model.name })
    .from(model)
    .where(inArray(model.versionId, versionIds))
  const jobs = await tx
    .select({ id: job.id, state: job.state })
    .from(job)
    .where(and(inArray(job.versionId, versionIds), inArray(job.state, [...unfinishedStates])))
  return [
    ...models.map(({ id, name }) => ({
      path: id,
      code: 'model',
      message: `Model '${name}' was trained on it`,
      fix: 'Delete the model first',
    })),
    ...jobs.map(({ id, state }) => ({
      path: id,
      code: 'job',
      message: `Job ${id} is ${state}`,
      fix: 'Cancel the job, or wait until it has ended',
    })),
  ]
}

/** Deletes versions from every data set that has them, and collects their objects. */
export async function deleteVersions(tx: Queries, versionIds: string[]): Promise<void> {
  if (versionIds.length === 0) return
  await tx.delete(datasetVersion).where(inArray(datasetVersion.versionId, versionIds))
  const rows = await tx.delete(version).where(inArray(version.id, versionIds)).returning({ prefix: version.prefix })
  await collectPrefixes(
    tx,
    rows.map(({ prefix }) => prefix),
  )
}
