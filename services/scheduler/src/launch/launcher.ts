import type { JobFile, Variables } from '@imclr/contract'
import { z } from 'zod'

/**
 * A trainer as it is stored with its job, so that a restarted scheduler finds it again. Nobody but the launcher that
 * started it looks into `data`.
 */
export const runner = z.object({
  kind: z.string(), // name of the launcher
  label: z.string(), // where the trainer runs, for logs and messages: 'process 4711 on gpu-1'
  slot: z.int().nullable(), // the scheduler's slot that it occupies, from 0; null: none, a preparation needs no device
  data: z.unknown(), // parsed by the launcher with a schema of its own
})
export type Runner = z.output<typeof runner>

export interface Launch {
  /** All that the trainer is told. The launcher puts it where its trainers read it. */
  job: JobFile
  /** The slot, and with it the device, that the trainer may use, from 0; null: it needs no device. */
  slot: number | null
  /** Called while the trainer's image is fetched, with the bytes so far and of all its layers that are known. */
  onPull?: (done: number, total: number) => void
}

/**
 * `stop`: write a checkpoint, evaluate, export and exit. `suspend`: write a checkpoint and exit. `kill`: exit at once.
 */
export type Command = 'stop' | 'suspend' | 'kill'

/** How a trainer ended; both null: nobody saw it, for example because its supervisor was killed too. */
export interface Exit {
  code: number | null
  signal: string | null
  /** The launcher knows that memory ran out. Absent: it does not know. */
  outOfMemory?: boolean
}

/** A trainer that runs now, whoever started it. */
export interface FoundTrainer {
  jobId: string
  attempt: number
  runner: Runner
}

export interface EventLine {
  /** Position in the trainer's standard output, from 1. */
  number: number
  text: string
}

/** Reads a trainer's standard output from its first line. */
export interface EventReader extends AsyncDisposable {
  /**
   * The whole lines that arrived since the last call, at most about a megabyte of them; empty: nothing new. With
   * `last`, the text after the last line break counts as a line.
   */
  read(options?: { last?: boolean }): Promise<EventLine[]>
  /** When the trainer wrote its latest output, in milliseconds since 1970; null: it wrote nothing. */
  lastWrite(): Promise<number | null>
}

/**
 * Starts trainers and is the only way to reach them: as child processes or as containers of a Docker engine.
 * What a trainer writes and how it ended can be read until `remove` or `prune`, also by a launcher that was opened
 * after a restart.
 */
export interface Launcher {
  /** Throws Failure DISK_FULL or INTERNAL where the trainer cannot be started. */
  launch(launch: Launch): Promise<Runner>
  /** Whether this launcher can reach the runner. Another kind's it cannot, nor one on another machine. */
  owns(runner: Runner): boolean
  isRunning(runner: Runner): Promise<boolean>
  /** Delivers a command to the trainer and all that it started. Does nothing where the trainer has ended. */
  send(runner: Runner, command: Command): Promise<void>
  openEvents(runner: Runner): Promise<EventReader>
  /** How an ended trainer ended. */
  exit(runner: Runner): Promise<Exit>
  /** The last bytes that the trainer wrote to standard error; empty: none. */
  readLogEnd(runner: Runner, bytes: number): Promise<string>
  /** Deletes what an ended trainer left behind. */
  remove(runner: Runner): Promise<void>
  /** All running trainers that this launcher owns. */
  list(): Promise<FoundTrainer[]>
  /** Deletes what ended trainers left behind, except those of the jobs in `keep`. */
  prune(keep: ReadonlySet<string>): Promise<void>
}

/** The settings that every launcher gets; it takes the ones that it needs. */
export interface LauncherSettings {
  /** Command line of a trainer on this machine, without the job file: Node and the trainer's main.js. */
  command: [string, ...string[]]
  /** A trainer's whole environment, except what the launcher adds. It holds no secret that a trainer does not need. */
  environment: Record<string, string>
  /** A folder that no other scheduler uses. It tells this scheduler's trainers from those of others. */
  workDir: string
  /** Name of this machine. */
  host: string
  /** 0..19: how far trainers step back behind other processes. */
  niceness: number
  /** Device of each slot, as `CUDA_VISIBLE_DEVICES` names it; null: a trainer with a slot sees all devices. */
  devices: string[] | null
  /** The scheduler's variables: a launcher parses those that are its own with a schema of its own. */
  variables: Variables
}
