import { and, eq, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { dataset } from '../schema.js'

const shown = {
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
    .select(shown)
    .from(dataset)
    .where(and(eq(dataset.id, datasetId), eq(dataset.projectId, projectId)))
  return row
}

export async function listDatasets(queries: Queries, slice: Slice & { projectId: string }): Promise<DatasetRow[]> {
  const { where, orderBy } = newestFirst(dataset, slice)
  return queries
    .select(shown)
    .from(dataset)
    .where(and(eq(dataset.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}
