import type { Issue } from '@imclr/contract'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { experimentsOfJob } from '../experiment/runs.js'
import { unfinishedStates } from '../job/listJobs.js'
import { collect, job, model } from '../schema.js'
import type { ModelRow } from './findModel.js'

/** The row, held until the transaction ends: no job begins to refer to it meanwhile. */
export async function lockModel(tx: Queries, { projectId, modelId }: { projectId: string; modelId: string }): Promise<ModelRow | undefined> {
  const [row] = await tx.select().from(model).where(and(eq(model.id, modelId), eq(model.projectId, projectId))).for('update')
  return row
}

/** The same for one that is only to be read and to stay. */
export async function holdModel(tx: Queries, { projectId, modelId }: { projectId: string; modelId: string }): Promise<ModelRow | undefined> {
  const [row] = await tx.select().from(model).where(and(eq(model.id, modelId), eq(model.projectId, projectId))).for('share')
  return row
}

/** Jobs that have not ended and will be measured against it, and experiments that have not kept its results. */
export async function neededOfModel(tx: Queries, { id: modelId, jobId }: Pick<ModelRow, 'id' | 'jobId'>): Promise<Issue[]> {
  const refers = sql`${job.spec} -> 'evaluation' ->> 'referenceModelId' = ${modelId}`
  const jobs = await tx.select({ id: job.id, state: job.state }).from(job).where(and(inArray(job.state, [...unfinishedStates]), refers))
  return [
    ...jobs.map(({ id, state }) => ({ path: id, code: 'job', message: `Job ${id}, which is ${state}, is measured against it`, fix: 'Cancel the job, or wait until it has ended' })),
    ...(await experimentsOfJob(tx, jobId, { withoutRecord: true })),
  ]
}

/** Deletes a model, and has its objects collected. */
export async function deleteModel(tx: Queries, { id, prefix }: Pick<ModelRow, 'id' | 'prefix'>): Promise<void> {
  await tx.delete(model).where(eq(model.id, id))
  await tx.insert(collect).values({ prefix }).onConflictDoNothing()
}
