import type { Issue } from '@imclr/contract'
import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { experimentsOfJob } from '../experiment/runs.js'
import { unfinishedStates } from '../job/listJobs.js'
import { collect, job, model } from '../schema.js'
import type { ModelRow } from './findModel.js'

/** The row, held until the transaction ends: no job begins to refer to it meanwhile. */
export async function lockModel(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<ModelRow | undefined> {
  const [row] = await tx
    .select()
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .for('update')
  return row
}

/** The same for one that is only to be read and to stay. */
export async function holdModel(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<ModelRow | undefined> {
  const [row] = await tx
    .select()
    .from(model)
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .for('share')
  return row
}

/** Jobs that have not ended and will evaluate it, begin with it or measure others against it, and experiments that have not kept its results. */
export async function neededOfModel(
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
    .select({ id: job.id, state: job.state, modelId: job.modelId, spec: job.spec })
    .from(job)
    .where(and(inArray(job.state, [...unfinishedStates]), or(isReference, isOrigin, isEvaluated)))
  return [
    ...jobs.map((one) => ({
      path: one.id,
      code: 'job',
      message: `Job ${one.id}, which is ${one.state}, ${one.modelId === modelId ? 'evaluates it' : one.spec?.fineTune?.from === modelId ? 'begins with it' : 'is measured against it'}`,
      fix: 'Cancel the job, or wait until it has ended',
    })),
    ...(await experimentsOfJob(tx, jobId, { withoutRecord: true })),
  ]
}

/** Deletes a model, and has its objects collected. */
export async function deleteModel(tx: Queries, { id, prefix }: Pick<ModelRow, 'id' | 'prefix'>): Promise<void> {
  await tx.delete(model).where(eq(model.id, id))
  await tx.insert(collect).values({ prefix }).onConflictDoNothing()
}
