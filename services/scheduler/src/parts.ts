/** The parts of a scheduler: `main.ts` (or standalone, or a test) opens them and passes them in. */
import type { Database } from '@imclr/database'
import type { JobQueue } from '@imclr/queue'
import type { ObjectStore } from '@imclr/storage'
import type { Logger } from 'pino'
import type { Launcher } from './launch/launcher.js'
import type { Metrics } from './metrics.js'

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds, or when `signal` aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export interface SchedulerConfig {
  /** Name of this scheduler that survives its restarts: jobs with it as their owner are its own. */
  owner: string
  /** A folder that no other scheduler uses: launchers keep there what they need. */
  workDir: string
  /** Trainings and evaluations at once. */
  slots: number
  /** Data sets prepared at once, beside them. */
  preparations: number
  /** How long a job belongs to a scheduler that gives no sign of life. */
  leaseSeconds: number
  /** A trainer that writes nothing for so long counts as stalled. */
  stallSeconds: number
  /** From the command to stop (checkpoint, evaluate, export) to the kill. */
  stopGraceSeconds: number
  /** From the command to suspend (checkpoint) to the kill. */
  suspendGraceSeconds: number
  checkpointEverySeconds: number
  /** Before the first repetition after a failure; `retryPolicy.ts` says how it grows. */
  retryDelaySeconds: number
  /** Between two looks at a trainer that wrote nothing. */
  pollSeconds: number
  /** Between two comparisons of records, trainers and queue. */
  reconcileSeconds: number
  /** Of an unpacked archive. */
  maxDatasetBytes: number
  maxDatasetImages: number
  /** Measure this machine at the first start, for the estimates of the first jobs. */
  probes: boolean
}

export interface SchedulerParts {
  database: Database
  store: ObjectStore
  queue: JobQueue
  launcher: Launcher
  config: SchedulerConfig
  log: Logger
  clock: Clock
}

/** The parts, and what one scheduler makes of them. */
export interface Scheduler extends SchedulerParts {
  metrics: Metrics
  /** Aborted once the scheduler closes: trainers are suspended. */
  closing: AbortSignal
  /** The jobs that this scheduler runs now, by id; call the function when the job's row was updated. */
  running: Map<string, () => void>
}
