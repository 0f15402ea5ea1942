import type { Issue } from '@imclr/contract'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { dataset, datasetVersion, job, unfinishedStates, version } from '../schema.js'
import { deleteVersions, referencesToVersions } from './version.js'

const columns = {
  id: dataset.id,
  projectId: dataset.projectId,
  name: dataset.name,
  createdAt: dataset.createdAt,
  latestVersionId: sql<
    string | null
  >`(select v.version_id from imclr.dataset_version v where v.dataset_id = imclr.dataset.id order by v.created_at desc, v.version_id desc limit 1)`,
  preparingJobId: sql<
    string | null
  >`(select j.id from imclr.job j where j.dataset_id = imclr.dataset.id and j.kind = 'prepare' and j.state in ('queued', 'starting', 'running', 'paused') order by j.created_at desc, j.id desc limit 1)`,
}

export interface DatasetRow {
  id: string
  projectId: string
  name: string
  createdAt: Date
  latestVersionId: string | null
  /** The latest job that prepares a version of it and has not ended. */
  preparingJobId: string | null
}

export async function findDataset(
  queries: Queries,
  { projectId, datasetId }: { projectId: string; datasetId: string },
): Promise<DatasetRow | undefined> {
  const [row] = await queries
    .select(columns)
    .from(dataset)
    .where(and(eq(dataset.id, datasetId), eq(dataset.projectId, projectId)))
  return row
}

export async function listDatasets(queries: Queries, slice: Slice & { projectId: string }): Promise<DatasetRow[]> {
  const { where, orderBy } = newestFirst(dataset, slice)
  return queries
    .select(columns)
    .from(dataset)
    .where(and(eq(dataset.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

/** Finds the project's data set of that name, or inserts the row, and locks it until the transaction ends. */
export async function findOrInsertDataset(
  tx: Queries,
  row: typeof dataset.$inferInsert,
): Promise<typeof dataset.$inferSelect> {
  await tx
    .insert(dataset)
    .values(row)
    .onConflictDoNothing({ target: [dataset.projectId, dataset.name] })
  const [found] = await tx
    .select()
    .from(dataset)
    .where(and(eq(dataset.projectId, row.projectId), eq(dataset.name, row.name)))
    .for('update')
  return found!
}

/** Locks a data set until the transaction ends. Gives whether there is one. */
export async function lockDataset(
  tx: Queries,
  { projectId, datasetId }: { projectId: string; datasetId: string },
): Promise<boolean> {
  const rows = await tx
    .select({ id: dataset.id })
    .from(dataset)
    .where(and(eq(dataset.id, datasetId), eq(dataset.projectId, projectId)))
    .for('update')
  return rows.length > 0
}

/**
 * What keeps a data set from being deleted: jobs that prepare it, and whatever needs a version that only this data set
 * has.
 */
export async function referencesToDataset(tx: Queries, datasetId: string): Promise<Issue[]> {
  const preparing = await tx
    .select({ id: job.id, state: job.state })
    .from(job)
    .where(and(eq(job.datasetId, datasetId), eq(job.kind, 'prepare'), inArray(job.state, [...unfinishedStates])))
  return [
    ...preparing.map(({ id, state }) => ({
      path: id,
      code: 'job',
      message: `Job ${id}, which prepares it, is ${state}`,
      fix: 'Cancel the job, or wait until it has ended',
    })),
    ...(await referencesToVersions(tx, await listOwnVersions(tx, datasetId))),
  ]
}

/** Deletes a data set with the versions that only it has. Its jobs stay, as history. */
export async function deleteDataset(tx: Queries, datasetId: string): Promise<void> {
  await deleteVersions(tx, await listOwnVersions(tx, datasetId))
  await tx.delete(datasetVersion).where(eq(datasetVersion.datasetId, datasetId))
  await tx.delete(dataset).where(eq(dataset.id, datasetId))
}

/** The versions that no other data set has, locked until the transaction ends. */
async function listOwnVersions(tx: Queries, datasetId: string): Promise<string[]> {
  const elsewhere = sql`exists (select 1 from imclr.dataset_version o where o.version_id = imclr.version.id and o.dataset_id <> ${datasetId})`
  const here = sql`exists (select 1 from imclr.dataset_version o where o.version_id = imclr.version.id and o.dataset_id = ${datasetId})`
  const rows = await tx
    .select({ id: version.id })
    .from(version)
    .where(and(here, sql`not ${elsewhere}`))
    .for('update')
  return rows.map(({ id }) => id)
}
