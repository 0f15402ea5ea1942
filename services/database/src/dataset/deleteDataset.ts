import type { Issue } from '@imclr/contract'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { unfinishedStates } from '../job/listJobs.js'
import { dataset, datasetVersion, job, version } from '../schema.js'
import { deleteVersions, neededOfVersions } from './deleteVersion.js'

/** Whether it is there; held until the transaction ends. */
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

/** What needs it: jobs that prepare it, and whatever needs a version that only this data set has. */
export async function neededOfDataset(tx: Queries, datasetId: string): Promise<Issue[]> {
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
    ...(await neededOfVersions(tx, await onlyIn(tx, datasetId))),
  ]
}

/** Deletes a data set with the versions that only it has. Its jobs stay, as history. */
export async function deleteDataset(tx: Queries, datasetId: string): Promise<void> {
  await deleteVersions(tx, await onlyIn(tx, datasetId))
  await tx.delete(datasetVersion).where(eq(datasetVersion.datasetId, datasetId))
  await tx.delete(dataset).where(eq(dataset.id, datasetId))
}

async function onlyIn(tx: Queries, datasetId: string): Promise<string[]> {
  const elsewhere = sql`exists (select 1 from imclr.dataset_version o where o.version_id = imclr.version.id and o.dataset_id <> ${datasetId})`
  const here = sql`exists (select 1 from imclr.dataset_version o where o.version_id = imclr.version.id and o.dataset_id = ${datasetId})`
  const rows = await tx
    .select({ id: version.id })
    .from(version)
    .where(and(here, sql`not ${elsewhere}`))
    .for('update')
  return rows.map(({ id }) => id)
}
