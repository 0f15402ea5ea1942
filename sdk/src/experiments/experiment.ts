import type { Connection } from '../connection/connect.js'
import type {
  CreateExperimentRequest,
  Experiment as ExperimentRecord,
  ExperimentDefinition,
  ExperimentReport,
  ExperimentRuns,
} from '../generated/api.js'
import { sleep } from '../connection/sleep.js'
import { localError, WaitTimeoutError } from '../errors.js'
import { versionIdOf } from '../idOf.js'

export interface ExperimentOptions extends Omit<CreateExperimentRequest, 'versionId' | 'experiment'> {
  /** The data set, or the id of a version. */
  dataset: { versionId: string } | string
}

export interface ExperimentWait {
  /** Called with the experiment's record at every poll. */
  onProgress?: (experiment: ExperimentRecord) => void
  signal?: AbortSignal
  /** Stop waiting after this time; the experiment continues. */
  timeoutMs?: number
  /** Time between two polls. @default 2000 */
  everyMs?: number
}

/** An experiment that was started. Its runs are jobs of the service and continue without this process. */
export interface Experiment {
  id: string
  /** Arms, seeds, budgets and every hyper-parameter, with the defaults filled in. */
  definition: ExperimentDefinition
  /** Reads its current record, with the state of each run. */
  refresh(): Promise<ExperimentRecord>
  /** Waits until all runs have ended, and returns the report, which names runs without a result. */
  result(options?: ExperimentWait): Promise<ExperimentReport>
  /** The report on the runs that have a result so far. */
  report(): Promise<ExperimentReport>
  /** The report as one HTML page. */
  page(): Promise<string>
  /** The stored runs: merge those of several machines with `npm run experiment -- report`. */
  runs(): Promise<ExperimentRuns>
  /** Cancels the runs that have not ended. Running the same experiment again submits them again. */
  cancel(): Promise<void>
  /** Deletes the experiment; with `runs: 'delete'` also its jobs and models. */
  delete(options?: { runs?: 'keep' | 'delete' }): Promise<void>
}

export async function runExperiment(
  connection: Connection,
  experiment: CreateExperimentRequest['experiment'],
  { dataset, ...options }: ExperimentOptions,
): Promise<Experiment> {
  return experimentHandle(
    connection,
    await connection.api.experiment.create({ versionId: versionIdOf(dataset), experiment, ...options }),
  )
}

export async function getExperiment(connection: Connection, experimentId: string): Promise<Experiment> {
  return experimentHandle(connection, await connection.api.experiment.get({ experimentId }))
}

function experimentHandle({ api }: Connection, { id, definition }: ExperimentRecord): Experiment {
  const ref = { experimentId: id }
  return {
    id,
    definition,
    refresh: () => api.experiment.get(ref),
    report: () => api.experiment.report(ref),
    page: async () => (await api.experiment.page(ref)).html,
    runs: () => api.experiment.runs(ref),
    cancel: async () => {
      await api.experiment.cancel(ref)
    },
    delete: async (options = {}) => {
      await api.experiment.delete({ ...ref, ...options })
    },
    async result({ onProgress, signal, timeoutMs = Infinity, everyMs = 2000 } = {}) {
      const until = Date.now() + timeoutMs
      for (;;) {
        const now = await api.experiment.get(ref, { signal })
        onProgress?.(now)
        if (isOver(now)) return api.experiment.report(ref, { signal })
        if (Date.now() >= until)
          throw new WaitTimeoutError({
            ...localError(
              'WAIT_TIMEOUT',
              `${id} has not ended after ${timeoutMs} ms.`,
              'It continues; wait again with experiment.result().',
            ),
            jobId: id,
            modelId: null,
          })
        await sleep(Math.min(everyMs, until - Date.now()), signal)
      }
    },
  }
}

/** Exhaustive on purpose: an unknown state is an error, not a reason to wait for ever. */
function isOver({ state }: ExperimentRecord): boolean {
  switch (state) {
    case 'running':
      return false
    case 'succeeded':
    case 'incomplete':
      return true
    default:
      throw new TypeError(
        `unknown state ${String(state satisfies never)} of an experiment: use a newer version of the SDK`,
      )
  }
}
