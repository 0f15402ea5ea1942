import { and, desc, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { datasetVersion, version, type StoredVersionSummary } from '../schema.js'

/** A version as one data set has it: `createdAt` is when that got it. */
export interface VersionRow {
  id: string
  datasetId: string
  prefix: string
  summary: StoredVersionSummary
  bytes: number
  createdAt: Date
}

const shown = {
  id: version.id,
  datasetId: datasetVersion.datasetId,
  prefix: version.prefix,
  summary: version.summary,
  bytes: version.bytes,
  createdAt: datasetVersion.createdAt,
}

/** As the data set has it that got it last. */
export async function findVersion(
  queries: Queries,
  { projectId, versionId }: { projectId: string; versionId: string },
): Promise<VersionRow | undefined> {
  const [row] = await queries
    .select(shown)
    .from(version)
    .innerJoin(datasetVersion, eq(datasetVersion.versionId, version.id))
    .where(and(eq(version.id, versionId), eq(version.projectId, projectId)))
    .orderBy(desc(datasetVersion.createdAt), desc(datasetVersion.datasetId))
    .limit(1)
  return row
}

/** The same, and until the transaction ends nobody deletes it. */
export async function holdVersion(
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
    .select(shown)
    .from(datasetVersion)
    .innerJoin(version, eq(datasetVersion.versionId, version.id))
    .where(and(eq(datasetVersion.datasetId, slice.datasetId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}
