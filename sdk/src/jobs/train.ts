import type { Connection } from '../connection/connect.js'
import type { CallOptions, Estimate, TrainingSpec, TrainingSpecInput, TrainJob } from '../generated/api.js'
import { getModel, type Model } from '../models/model.js'
import { followJob, jobEvents, type EventOptions, type FollowOptions, type JobUpdate } from './followJob.js'

export interface TrainOptions extends TrainingSpecInput {
  /** Of the model to be. @default mode and network */
  name?: string
}

/** A training that was submitted. */
export interface Job {
  id: string
  /** Every hyper-parameter as it will be run. */
  spec: TrainingSpec
  estimate: Estimate | null
  queuePosition: number | null
  /** All events from the first (or behind `after`), as they come; ends with the job. */
  events(options?: EventOptions): AsyncGenerator<JobUpdate>
  /** Waits for the model. @throws TrainingFailedError, TrainingCanceledError, TrainingTimedOutError, WaitTimeoutError */
  result(options?: FollowOptions): Promise<Model>
  /** Ends the job: `graceful` checkpoints, evaluates and keeps the model; `now` does not. */
  cancel(mode?: 'graceful' | 'now'): Promise<void>
  /** Its record as it is now. */
  refresh(): Promise<TrainJob>
}

/** Submits a training on a data set version; resolves when it is queued, with the resolved spec, limits and an estimate. */
export async function train(
  connection: Connection,
  { dataset, options, call }: { dataset: { versionId: string } | string; options: TrainOptions; call?: CallOptions },
): Promise<Job> {
  const { name, ...spec } = options
  const versionId = typeof dataset === 'string' ? dataset : dataset.versionId
  return jobHandle(connection, await connection.api.job.submit({ versionId, name, spec }, call))
}

/** The handle of a job that was submitted before. */
export async function getJob(connection: Connection, jobId: string): Promise<Job> {
  return jobHandle(connection, trainJobOf(await connection.api.job.get({ jobId })))
}

const trainJobOf = (job: { kind: string; id: string }): TrainJob => {
  if (job.kind !== 'train')
    throw new TypeError(`${job.id} is a job of the kind '${job.kind}'; read it with api.job.get`)
  return job as TrainJob
}

function jobHandle(connection: Connection, submitted: TrainJob): Job {
  const { id } = submitted
  return {
    id,
    spec: submitted.spec,
    estimate: submitted.estimate,
    queuePosition: submitted.queuePosition,
    events: (options) => jobEvents(connection, id, options),
    async result(options) {
      const ended = trainJobOf(await followJob(connection, id, options))
      return getModel(connection, ended.modelId!)
    },
    cancel: async (mode = 'graceful') => {
      await connection.api.job.cancel({ jobId: id, mode })
    },
    refresh: async () => trainJobOf(await connection.api.job.get({ jobId: id })),
  }
}
