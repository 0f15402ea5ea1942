/** What the scheduler is made of: opened by `main.ts` (or standalone, or a test) and passed in. */
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
  /** Folder of all attempts' folders, which no other scheduler uses. */
  workDir: string
  /** Trainings and evaluations at once. */
  slots: number
  /** Data sets prepared at once, beside them. */
  preparations: number
  /** How long a job belongs to a scheduler that gives no sign of life. */
  leaseSeconds: number
  /** Without a line for so long a trainer counts as stalled. */
  stallSeconds: number
  /** From the order to stop (checkpoint, evaluate, keep) to the end by force. */
  stopGraceSeconds: number
  /** From the order to suspend (checkpoint) to the end by force. */
  suspendGraceSeconds: number
  checkpointEverySeconds: number
  /** Of the first repetition after a failure; it doubles with each, up to five minutes. */
  retryDelaySeconds: number
  /** How often a trainer's file and process are looked at. */
  pollSeconds: number
  /** How often the records are compared with what runs and waits. */
  reconcileSeconds: number
  /** Of an unpacked archive. */
  maxDatasetBytes: number
  maxDatasetImages: number
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
  /** The jobs that this scheduler runs at this moment, by id; calling tells that there are news of one. */
  running: Map<string, () => void>
}
