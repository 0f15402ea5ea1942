import {
  Failure,
  type EvaluateJob,
  type EvaluateOptions,
  type Job,
  type PrepareJob,
  type PrepareOptions,
  type TrainJob,
} from '@imclr/contract'
import { findJob, queuePosition, type JobRow, type Queries } from '@imclr/database'
import type { Call } from '../request/context.js'

/** A job of the caller's project. Throws Failure NOT_FOUND. */
export async function ownJob({ database, caller }: Call, jobId: string): Promise<JobRow> {
  const row = await findJob(database.queries, { projectId: caller.projectId, jobId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  return row
}

export async function shownJob(queries: Queries, row: JobRow): Promise<Job> {
  return row.kind === 'prepare'
    ? shownPrepareJob(queries, row)
    : row.kind === 'evaluate'
      ? shownEvaluateJob(queries, row)
      : shownTrainJob(queries, row)
}

export async function shownPrepareJob(queries: Queries, row: JobRow): Promise<PrepareJob> {
  const { uploadId, options, datasetId, versionId } = row
  if (row.kind !== 'prepare' || uploadId === null || options === null)
    throw new Error(`job ${row.id} is not one that prepares`)
  return {
    ...(await common(queries, row)),
    kind: 'prepare',
    datasetId,
    uploadId,
    options: options as PrepareOptions,
    versionId,
  }
}

export async function shownTrainJob(queries: Queries, row: JobRow): Promise<TrainJob> {
  const { datasetId, versionId, spec, modelId } = row
  if (row.kind !== 'train' || versionId === null || spec === null)
    throw new Error(`job ${row.id} is not one that trains`)
  return { ...(await common(queries, row)), kind: 'train', datasetId, versionId, spec, modelId }
}

export async function shownEvaluateJob(queries: Queries, row: JobRow): Promise<EvaluateJob> {
  const { datasetId, versionId, modelId, options } = row
  if (row.kind !== 'evaluate' || versionId === null || modelId === null || options === null)
    throw new Error(`job ${row.id} is not one that evaluates`)
  return {
    ...(await common(queries, row)),
    kind: 'evaluate',
    datasetId,
    versionId,
    modelId,
    options: options as EvaluateOptions,
  }
}

async function common(queries: Queries, row: JobRow) {
  const {
    id,
    projectId,
    name,
    state,
    attempt,
    limits,
    estimate,
    progress,
    cancelRequested,
    failure,
    endedEarly,
    lastCheckpoint,
    waitingFor,
    lastEvent,
  } = row
  return {
    id,
    projectId,
    name,
    state,
    attempt,
    limits,
    estimate,
    progress,
    cancelRequested,
    failure,
    endedEarly,
    lastCheckpoint,
    waitingFor,
    lastEvent,
    queuePosition: state === 'queued' ? await queuePosition(queries, row) : null,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
