import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { model } from '../schema.js'

export type ModelRow = typeof model.$inferSelect

export async function findModel(
  queries: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<ModelRow | undefined> {
  const [row] = await queries
    .select()
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
  return row
}

/** In whatever project: for those who hold a token, and for public ones. */
export async function findAnyModel(queries: Queries, modelId: string): Promise<ModelRow | undefined> {
  const [row] = await queries.select().from(model).where(eq(model.id, modelId))
  return row
}

export async function listModels(
  queries: Queries,
  {
    projectId,
    datasetId,
    versionId,
    ...slice
  }: Slice & { projectId: string; datasetId?: string | undefined; versionId?: string | undefined },
): Promise<ModelRow[]> {
  const { where, orderBy } = newestFirst(model, slice)
  const filter = and(
    eq(model.projectId, projectId),
    datasetId === undefined ? undefined : eq(model.datasetId, datasetId),
    versionId === undefined ? undefined : eq(model.versionId, versionId),
  )
  return queries
    .select()
    .from(model)
    .where(and(filter, where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}
