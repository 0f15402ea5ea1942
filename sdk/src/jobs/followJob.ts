import type { Connection } from '../connection/connect.js'
import type { Job, JobEvent } from '../generated/api.js'
import {
  EvaluationFailedError,
  ImclrError,
  PrepareFailedError,
  TrainingCanceledError,
  TrainingFailedError,
  TrainingTimedOutError,
  WaitTimeoutError,
} from '../errors.js'
import { sleep } from '../connection/sleep.js'

/** A numbered event of a job, as `job.events()` yields it. */
export type JobUpdate = JobEvent

export interface EventOptions {
  /** Begins after the event with this number. @default 0: from the first */
  after?: number
  /** Stops reading; the job continues. */
  signal?: AbortSignal
}

/**
 * Yields all events of a job in order, until it has ended. If the stream breaks off, it is opened again after the last
 * event that was read: no event is lost, and none comes twice.
 *
 * @throws ConnectionError if the service does not answer for minutes
 */
export async function* jobEvents(
  { api }: Connection,
  jobId: string,
  { after = 0, signal }: EventOptions = {},
): AsyncGenerator<JobUpdate> {
  let number = after
  for (let failures = 0; ;) {
    try {
      for await (const update of await api.job.events({ jobId, after: number, follow: true }, { signal })) {
        if (update.number <= number) continue
        number = update.number
        failures = 0
        yield update
        if (update.event.type === 'finished') return
      }
      // The service ends long streams on purpose. A stream that ended with the job has delivered 'finished', unless
      // `after` lies beyond it.
      const job = await api.job.get({ jobId }, { signal })
      if (job.lastEvent <= number && isFinal(job)) return
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof ImclrError && !error.retryable && error.status !== 0) throw error
      if (++failures > 12) throw error
      await sleep(Math.min(15_000, 200 * 2 ** failures), signal)
    }
  }
}

/** Exhaustive on purpose: an unknown state is an error, not a reason to wait for ever. */
function isFinal({ state }: Job): boolean {
  switch (state) {
    case 'queued':
    case 'starting':
    case 'running':
    case 'paused':
      return false
    case 'succeeded':
    case 'failed':
    case 'canceled':
    case 'timed_out':
      return true
    default:
      throw new TypeError(`unknown job state ${String(state satisfies never)}: use a newer version of the SDK`)
  }
}

export interface FollowOptions {
  onEvent?: (update: JobUpdate) => void
  signal?: AbortSignal
  /** Stop waiting after this time; the job continues. */
  timeoutMs?: number
}

/** Waits for the end of a job. It returns only if the job succeeded; each other end throws its own error. */
export async function followJob(
  connection: Connection,
  jobId: string,
  { onEvent, signal, timeoutMs }: FollowOptions = {},
): Promise<Job> {
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const either = timeout && signal ? AbortSignal.any([timeout, signal]) : (timeout ?? signal)
  try {
    for await (const update of jobEvents(connection, jobId, { signal: either })) onEvent?.(update)
  } catch (error) {
    if (timeout?.aborted && !signal?.aborted)
      throw new WaitTimeoutError({
        code: 'WAIT_TIMEOUT',
        message: `${jobId} has not ended after ${timeoutMs} ms.`,
        hint: 'It continues; wait again with job.result().',
        status: 0,
        retryable: true,
        requestId: null,
        issues: [],
        jobId,
        modelId: null,
      })
    throw error
  }
  const job = await connection.api.job.get({ jobId }, { signal })
  if (job.state === 'succeeded') return job
  throw errorOfJob(job)
}

function errorOfJob(job: Job): Error {
  const modelId = job.kind === 'train' ? job.modelId : null
  const kept = modelId ? ` The model that it reached is kept as ${modelId}.` : ''
  const { code, message, hint, issues } = job.failure ?? {
    code: job.state === 'canceled' ? 'CANCELED' : 'INTERNAL',
    message: `${job.id} ended as ${job.state}.`,
    hint: '',
    issues: [],
  }
  const fields = {
    code,
    message: `${message}${kept}`,
    hint,
    status: 0,
    retryable: false,
    requestId: null,
    issues,
    jobId: job.id,
    modelId,
  }
  if (job.state === 'canceled') return new TrainingCanceledError(fields)
  if (job.state === 'timed_out') return new TrainingTimedOutError(fields)
  switch (job.kind) {
    case 'prepare':
      return new PrepareFailedError(fields)
    case 'evaluate':
      return new EvaluationFailedError(fields)
    case 'train':
      return new TrainingFailedError(fields)
  }
}
