import type { Issue } from '@imclr/contract'
import { and, eq, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { experimentsOfJob } from '../experiment/runs.js'
import { collect, job, model, version } from '../schema.js'

/** What needs the job: its model or the version that it made, which lie among its objects (`prefix`), and experiments. */
export async function neededOfJob(
  tx: Queries,
  { projectId, jobId, prefix }: { projectId: string; jobId: string; prefix: string },
): Promise<Issue[]> {
  const models = await tx.select({ id: model.id, name: model.name }).from(model).where(eq(model.jobId, jobId))
  const versions = await tx
    .select({ id: version.id })
    .from(version)
    .where(and(eq(version.projectId, projectId), sql`starts_with(${version.prefix}, ${prefix})`))
  return [
    ...models.map(({ id, name }) => ({
      path: id,
      code: 'model',
      message: `Model '${name}' is its result`,
      fix: 'Delete the model first',
    })),
    ...versions.map(({ id }) => ({
      path: id,
      code: 'version',
      message: `Version ${id} is its result`,
      fix: 'Delete the version first',
    })),
    ...(await experimentsOfJob(tx, jobId, { withoutRecord: false })),
  ]
}

/** Deletes a job with its events, and has the objects under `prefixes` collected. */
export async function deleteJob(
  tx: Queries,
  { jobId, prefixes }: { jobId: string; prefixes: string[] },
): Promise<void> {
  await tx.delete(job).where(eq(job.id, jobId))
  await tx
    .insert(collect)
    .values(prefixes.map((prefix) => ({ prefix })))
    .onConflictDoNothing()
}
