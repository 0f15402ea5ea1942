import { Failure } from '@imclr/contract'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../database.js'
import { model, upload, version } from '../schema.js'
import type { JobRow } from './fence.js'

/** What a trainer is told of other rows: where its input lies. Throws Failure NOT_FOUND where that was deleted. */
export type JobInputs =
  | { kind: 'prepare'; uploadKey: string; uploadName: string }
  | { kind: 'train'; versionPrefix: string; reference: { modelId: string; name: string; prefix: string } | null }

export async function jobInputs({ queries }: Database, row: JobRow): Promise<JobInputs> {
  if (row.kind === 'prepare') {
    const [found] = await queries.select().from(upload).where(and(eq(upload.id, row.uploadId ?? ''), eq(upload.projectId, row.projectId)))
    if (found === undefined) throw new Failure('NOT_FOUND', `the upload ${row.uploadId} of this job is gone`)
    return { kind: 'prepare', uploadKey: found.objectKey, uploadName: found.fileName }
  }
  const [data] = await queries.select().from(version).where(and(eq(version.id, row.versionId ?? ''), eq(version.projectId, row.projectId)))
  if (data === undefined) throw new Failure('NOT_FOUND', `the data set version ${row.versionId} of this job is gone`)
  const referenceId = row.spec?.evaluation.referenceModelId ?? null
  const [reference] = referenceId === null ? [] : await queries.select().from(model).where(and(eq(model.id, referenceId), eq(model.projectId, row.projectId)))
  return { kind: 'train', versionPrefix: data.prefix, reference: reference ? { modelId: reference.id, name: reference.name, prefix: reference.prefix } : null }
}
