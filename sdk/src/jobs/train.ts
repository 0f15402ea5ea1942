import type { Connection } from '../connection/connect.js'
import type { CallOptions, Estimate, TrainingSpec, TrainingSpecInput, TrainJob } from '../generated/api.js'
import { getModel, type Model } from '../models/model.js'
import { followJob, jobEvents, type EventOptions, type FollowOptions, type JobUpdate } from './followJob.js'

export interface TrainOptions extends TrainingSpecInput {
  /** The model's name. @default the job's id */
  name?: string
}

/** A training that was submitted. */
export interface Job {
  id: string
  /** Every hyper-parameter of the run, with the defaults filled in. */
  spec: TrainingSpec
  estimate: Estimate | null
  queuePosition: number | null
  /** Yields all events from the first (or after the event `after`) as they come; ends with the job. */
  events(options?: EventOptions): AsyncGenerator<JobUpdate>
  /**
   * Waits for the model.
   *
   * @throws TrainingFailedError, TrainingCanceledError, TrainingTimedOutError, WaitTimeoutError
   */
  result(options?: FollowOptions): Promise<Model>
  /** Cancels the job. `graceful` writes a checkpoint, evaluates and keeps the model; `now` keeps nothing. */
  cancel(mode?: 'graceful' | 'now'): Promise<void>
  /** Reads its current record. */
  refresh(): Promise<TrainJob>
}

export async function train(
  connection: Connection,
  { versionId, options, call }: { versionId: string; options: TrainOptions; call: CallOptions },
): Promise<Job> {
  const { name, ...spec } = options
  return jobHandle(connection, await connection.api.job.submit({ versionId, name, spec }, call))
}

export async function getJob(connection: Connection, jobId: string): Promise<Job> {
  return jobHandle(connection, trainJobOf(await connection.api.job.get({ jobId })))
}

const trainJobOf = (job: { kind: string; id: string }): TrainJob => {
  if (job.kind !== 'train')
    throw new TypeError(`${job.id} is a job of the kind '${job.kind}'; read it with sdk.api.job.get`)
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
