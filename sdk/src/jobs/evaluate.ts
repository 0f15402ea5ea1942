import type { Connection } from '../connection/connect.js'
import type {
  CallOptions,
  Estimate,
  EvaluateJob,
  EvaluateOptionsInput,
  EvaluationReport,
  EvaluationSummary,
  Job,
} from '../generated/api.js'
import { downloadFiles } from '../models/downloadModel.js'
import { followJob, jobEvents, type EventOptions, type FollowOptions, type JobUpdate } from './followJob.js'

export interface EvaluateOptions extends EvaluateOptionsInput, CallOptions {
  /** The job's name. */
  name?: string
}

/** The result of an evaluation. */
export interface Evaluation extends EvaluationSummary {
  report: EvaluationReport
  /** Downloads report.json, report.html and predictions.bin, and checks each by its sha256. */
  download(folder: string): Promise<string[]>
}

/** An evaluation that was submitted. */
export interface EvaluationJob {
  id: string
  /** The options of the run, with the defaults filled in. */
  options: EvaluateJob['options']
  estimate: Estimate | null
  events(options?: EventOptions): AsyncGenerator<JobUpdate>
  /**
   * Waits for the report.
   *
   * @throws EvaluationFailedError, TrainingCanceledError, TrainingTimedOutError, WaitTimeoutError
   */
  result(options?: FollowOptions): Promise<Evaluation>
  /** Cancels the job; nothing is kept. */
  cancel(): Promise<void>
  /** Reads its current record. */
  refresh(): Promise<EvaluateJob>
}

interface Evaluate {
  modelId: string
  versionId: string
  options: EvaluateOptions
}

export async function evaluate(
  connection: Connection,
  { modelId, versionId, options }: Evaluate,
): Promise<EvaluationJob> {
  const { name, signal, idempotencyKey, ...rest } = options
  const submitted = await connection.api.job.evaluate(
    { modelId, versionId, name, options: rest },
    { signal, idempotencyKey },
  )
  const { id } = submitted
  return {
    id,
    options: submitted.options,
    estimate: submitted.estimate,
    events: (eventOptions) => jobEvents(connection, id, eventOptions),
    async result(followOptions) {
      await followJob(connection, id, followOptions)
      return getEvaluation(connection, id)
    },
    cancel: async () => {
      await connection.api.job.cancel({ jobId: id, mode: 'now' })
    },
    refresh: async () => evaluateJobOf(await connection.api.job.get({ jobId: id })),
  }
}

export async function getEvaluation(connection: Connection, jobId: string): Promise<Evaluation> {
  const summary = await connection.api.job.evaluation({ jobId })
  const prefix = `/v1/evaluations/${jobId}/`
  return {
    ...summary,
    report: (await (await connection.get(`${prefix}report.json`)).json()) as EvaluationReport,
    download: (folder) => downloadFiles(connection, { prefix, files: summary.files, folder }),
  }
}

function evaluateJobOf(job: Job): EvaluateJob {
  if (job.kind !== 'evaluate')
    throw new TypeError(`${job.id} is a job of the kind '${job.kind}'; read it with sdk.api.job.get`)
  return job
}
