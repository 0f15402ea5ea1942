import {
  cancelMode,
  Failure,
  isFinal,
  jobId,
  type EvaluateJob,
  type Job,
  type JobKind,
  type PrepareJob,
  type TrainJob,
} from '@imclr/contract'
import {
  cancelQueued,
  deleteJob as removeJob,
  findJob,
  lockJob,
  queuePosition,
  referencesToJob,
  requestCancel,
  storedEvaluateOptions,
  storedPrepareOptions,
  storedSpec,
  type JobRow,
  type Queries,
} from '@imclr/database'
import { keys, leftoversOfQueued } from '@imclr/storage'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { assertUnreferenced } from '../request/references.js'

/** Finds a job of the caller's project. Throws Failure NOT_FOUND. */
export async function requireJob({ database, caller }: Call, jobId: string): Promise<JobRow> {
  const row = await findJob(database.queries, { projectId: caller.projectId, jobId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  return row
}

export async function toJob(queries: Queries, row: JobRow): Promise<Job> {
  return row.kind === 'prepare'
    ? toPrepareJob(queries, row)
    : row.kind === 'evaluate'
      ? toEvaluateJob(queries, row)
      : toTrainJob(queries, row)
}

export async function toPrepareJob(queries: Queries, row: JobRow): Promise<PrepareJob> {
  const { uploadId, datasetId, versionId } = row
  if (row.kind !== 'prepare' || uploadId === null) throw new Error(`job ${row.id} is not one that prepares`)
  return {
    ...(await commonFields(queries, row)),
    kind: 'prepare',
    datasetId,
    uploadId,
    options: storedPrepareOptions(row),
    versionId,
  }
}

export async function toTrainJob(queries: Queries, row: JobRow): Promise<TrainJob> {
  const { datasetId, versionId, modelId } = row
  if (row.kind !== 'train' || versionId === null) throw new Error(`job ${row.id} is not one that trains`)
  return { ...(await commonFields(queries, row)), kind: 'train', datasetId, versionId, spec: storedSpec(row), modelId }
}

export async function toEvaluateJob(queries: Queries, row: JobRow): Promise<EvaluateJob> {
  const { datasetId, versionId, modelId } = row
  if (row.kind !== 'evaluate' || versionId === null || modelId === null)
    throw new Error(`job ${row.id} is not one that evaluates`)
  return {
    ...(await commonFields(queries, row)),
    kind: 'evaluate',
    datasetId,
    versionId,
    modelId,
    options: storedEvaluateOptions(row),
  }
}

/** The fields that jobs of every kind have. */
async function commonFields(queries: Queries, row: JobRow) {
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

/**
 * Puts a stored job into the queue. Where the queue does not answer, the request does not fail: the scheduler finds the
 * job in the database when it reconciles.
 */
export async function enqueue(
  { queue, log, requestId }: Pick<Call, 'queue' | 'log' | 'requestId'>,
  { id: jobId, kind }: { id: string; kind: JobKind },
): Promise<void> {
  try {
    await queue.enqueue({ jobId, entry: 0 }, { kind, attempt: 0 })
  } catch (error) {
    log.warn({ err: error, jobId, requestId }, 'the job is stored but not queued; the scheduler will queue it')
  }
}

export const cancelJobRequest = z.strictObject({ jobId, mode: cancelMode.default('graceful') })

/**
 * Asks a job to end. A waiting job is canceled at once, unless it has a checkpoint to evaluate and keep. A running job
 * is canceled when its process is gone; until then the answer says `cancelRequested`. Asking again changes nothing,
 * except that `now` after `graceful` makes it end sooner. A job that has ended stays as it is.
 */
export async function cancelJob(call: Call, { jobId, mode }: z.output<typeof cancelJobRequest>): Promise<Job> {
  const {
    database,
    caller: { projectId },
  } = call
  const row = await database.transaction((tx) => requestCancel(tx, { projectId, jobId, mode }))
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  if (row.state === 'queued') await cancelQueued(database, jobId, leftoversOfQueued)
  return toJob(database.queries, await requireJob(call, jobId))
}

export const deletedJob = z.object({ jobId })

/**
 * Deletes a job that has ended, with its events, checkpoints and files. Throws Failure CONFLICT where it has not ended,
 * and IN_USE where its model or version exists, whose files are the job's, or where it is a run of an experiment.
 */
export async function deleteJob(call: Call, input: { jobId: string }): Promise<z.infer<typeof deletedJob>> {
  return idempotent(call, input, async (tx) => {
    await deleteJobIn(tx, { projectId: call.caller.projectId, ...input })
    return input
  })
}

/** Deletes a job in a transaction that does more. */
export async function deleteJobIn(
  tx: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<void> {
  const job = await lockJob(tx, { projectId, jobId })
  if (job === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  if (!isFinal(job.state)) throw new Failure('CONFLICT', `Job ${jobId} is ${job.state}; cancel it first`)
  const prefix = keys.job(projectId, jobId)
  assertUnreferenced(`Job ${jobId}`, await referencesToJob(tx, { projectId, jobId, prefix }))
  await removeJob(tx, {
    jobId,
    prefixes: [prefix, ...(job.uploadId === null ? [] : [keys.uploadPrefix(projectId, job.uploadId)])],
  })
}
