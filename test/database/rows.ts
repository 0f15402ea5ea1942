import { randomBytes } from 'node:crypto'
import { limits, makeId, trainingSpec, type IdPrefix } from '@imclr/contract'
import { insertJob, insertProject, type Database, type JobRow, type NewJob } from '@imclr/database'

export const newId = (prefix: IdPrefix): string => makeId(prefix, randomBytes(20))

export async function aProject(database: Database): Promise<string> {
  const id = newId('prj')
  await insertProject(database.queries, { id, name: id })
  return id
}

/** A queued training job. */
export async function aJob(database: Database, projectId: string, more: Partial<NewJob> = {}): Promise<JobRow> {
  const row = {
    id: newId('job'),
    projectId,
    kind: 'train' as const,
    datasetId: newId('ds'),
    versionId: 'ver_0000000000',
    spec: trainingSpec.parse({}),
    limits: limits.parse({}),
    queuedAt: new Date(),
    ...more,
  }
  return database.transaction((tx) => insertJob(tx, row))
}

export const outputPrefix = ({ projectId, id, attempt }: { projectId: string; id: string; attempt: number }): string =>
  `projects/${projectId}/jobs/${id}/attempts/${attempt}/output/`
