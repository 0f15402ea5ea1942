import type { Issue } from '@imclr/contract'
import { and, eq, inArray } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { unfinishedStates } from '../job/listJobs.js'
import { collect, datasetVersion, job, model, version } from '../schema.js'

/** The row, held until the transaction ends: nobody begins to need it meanwhile. */
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

/** What needs one of these versions: models trained on it, jobs that are to be. */
export async function neededOfVersions(tx: Queries, versionIds: string[]): Promise<Issue[]> {
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

/** Deletes versions from every data set that has them, and has their objects collected. */
export async function deleteVersions(tx: Queries, versionIds: string[]): Promise<void> {
  if (versionIds.length === 0) return
  await tx.delete(datasetVersion).where(inArray(datasetVersion.versionId, versionIds))
  const rows = await tx.delete(version).where(inArray(version.id, versionIds)).returning({ prefix: version.prefix })
  await tx
    .insert(collect)
    .values(rows.map(({ prefix }) => ({ prefix })))
    .onConflictDoNothing()
}
