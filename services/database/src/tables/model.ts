import { artifactManifest, type ArtifactManifest, type Issue, type TrainingSpec } from '@imclr/contract'
import { median } from '@imclr/statistics'
import { and, desc, eq, inArray, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { parseStored } from '../parseStored.js'
import { job, model, unfinishedStates } from '../schema.js'
import { collectPrefixes } from './collect.js'
import { probedSpeeds } from './probe.js'
import { experimentReferencesToJob } from './experimentRun.js'

type StoredModel = typeof model.$inferSelect

/** A row as the service uses it, with its manifest parsed. */
export type ModelRow = Omit<StoredModel, 'manifest'> & { manifest: ArtifactManifest }

/** Throws Failure INTERNAL where the row holds no valid manifest. */
const toModelRow = (row: StoredModel): ModelRow => ({
  ...row,
  manifest: parseStored(artifactManifest, row.manifest, `manifest of model ${row.id}`),
})

export async function findModel(
  queries: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<ModelRow | undefined> {
  const [row] = await queries
    .select()
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
  return row && toModelRow(row)
}

/** Finds a model without knowing its project, for requests with a token and for public models. */
export async function findModelInAnyProject(queries: Queries, modelId: string): Promise<ModelRow | undefined> {
  const [row] = await queries.select().from(model).where(eq(model.id, modelId))
  return row && toModelRow(row)
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
  const rows = await queries
    .select()
    .from(model)
    .where(and(filter, where))
    .orderBy(...orderBy)
    .limit(slice.limit)
  return rows.map(toModelRow)
}

export async function setModelPublic(
  queries: Queries,
  { projectId, modelId, isPublic }: { projectId: string; modelId: string; isPublic: boolean },
): Promise<ModelRow | undefined> {
  const [row] = await queries
    .update(model)
    .set({ public: isPublic })
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .returning()
  return row && toModelRow(row)
}

/**
 * Finds the row and locks it until the transaction ends: no job begins to refer to it meanwhile. Reads what deleting
 * needs, so that a model whose manifest cannot be read can be deleted.
 */
export async function lockModel(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<Pick<ModelRow, 'id' | 'jobId' | 'prefix'> | undefined> {
  const [row] = await tx
    .select({ id: model.id, jobId: model.jobId, prefix: model.prefix })
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .for('update')
  return row
}

/** Finds a model and keeps others from deleting it until the transaction ends. */
export async function lockModelForShare(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<ModelRow | undefined> {
  const [row] = await tx
    .select()
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .for('share')
  return row && toModelRow(row)
}

/**
 * What keeps a model from being deleted: unfinished jobs that evaluate it, begin with it or compare others with it, and
 * experiments that have not stored its results yet.
 */
export async function referencesToModel(
  tx: Queries,
  { id: modelId, jobId }: Pick<ModelRow, 'id' | 'jobId'>,
): Promise<Issue[]> {
  const isReference = or(
    sql`${job.spec} -> 'evaluation' ->> 'referenceModelId' = ${modelId}`,
    sql`${job.options} ->> 'referenceModelId' = ${modelId}`,
  )
  const isOrigin = sql`${job.spec} -> 'fineTune' ->> 'from' = ${modelId}`
  const isEvaluated = and(eq(job.kind, 'evaluate'), eq(job.modelId, modelId))
  const jobs = await tx
    .select({
      id: job.id,
      state: job.state,
      modelId: job.modelId,
      isOrigin: sql<boolean>`coalesce(${isOrigin}, false)`,
    })
    .from(job)
    .where(and(inArray(job.state, [...unfinishedStates]), or(isReference, isOrigin, isEvaluated)))
  return [
    ...jobs.map((one) => ({
      path: one.id,
      code: 'job',
      message: `Job ${one.id}, which is ${one.state}, ${one.modelId === modelId ? 'evaluates it' : one.isOrigin ? 'begins with it' : 'is measured against it'}`,
      fix: 'Cancel the job, or wait until it has ended',
    })),
    ...(await experimentReferencesToJob(tx, jobId, { withoutRecord: true })),
  ]
}

/** Deletes a model and collects its objects. */
export async function deleteModel(tx: Queries, { id, prefix }: Pick<ModelRow, 'id' | 'prefix'>): Promise<void> {
  await tx.delete(model).where(eq(model.id, id))
  await collectPrefixes(tx, [prefix])
}

/** How fast trainings run here. */
export interface TrainingSpeed {
  multiplyAddsPerSecond: number
  /** Who measured it: trainings that succeeded, or a probe of the machine. */
  basis: 'measured' | 'probed'
}

/**
 * Returns the speed that the last 20 trainings reached: the median of those with the same network and precision, or
 * else of those with the same precision. If there are none, returns what the probes of the machines measured. Null if
 * there is no probe either.
 */
export async function trainingSpeed(
  queries: Queries,
  { network, precision }: Pick<TrainingSpec, 'network' | 'precision'>,
): Promise<TrainingSpeed | null> {
  const rows = await queries
    .select({
      network: sql<string>`${model.manifest} ->> 'network'`,
      precision: sql<string>`${model.manifest} -> 'spec' ->> 'precision'`,
      speed: sql<unknown>`${model.manifest} -> 'multiplyAddsPerSecond'`,
    })
    .from(model)
    .orderBy(desc(model.createdAt))
    .limit(20)
  const usable = rows.flatMap(({ speed, ...row }) =>
    typeof speed === 'number' && speed > 0 && row.precision === precision ? [{ ...row, speed }] : [],
  )
  const same = usable.filter((row) => row.network === network)
  const measured = median((same.length > 0 ? same : usable).map(({ speed }) => speed))
  if (measured !== undefined) return { multiplyAddsPerSecond: measured, basis: 'measured' }
  const probed = median(await probedSpeeds(queries))
  return probed === undefined ? null : { multiplyAddsPerSecond: probed, basis: 'probed' }
}
