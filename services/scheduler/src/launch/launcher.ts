/** What starts trainers: a child process today; containers and Kubernetes Jobs have their place beside it. */

/** Where a trainer runs, as it is kept with the job: enough to find it again after the scheduler was restarted. */
export interface Runner {
  kind: 'process'
  /** Name of the machine: no other can look after it. */
  host: string
  pid: number
  /** Start of the process in the system's own words: a reused process id has another. */
  startTime: string
  /** The attempt's folder: job file, events, log, exit code. */
  workDir: string
  /** Which of the machine's slots it has, from 0; null: none, a preparation needs no device. */
  slot: number | null
}

/** A runner as it was kept with a job; null: none, or one that only another launcher knows. */
export const keptRunner = (kept: Record<string, unknown> | null): Runner | null =>
  kept?.kind === 'process' ? (kept as unknown as Runner) : null

export interface Launch {
  jobId: string
  attempt: number
  /** Folder of this attempt alone; `job.json` lies in it. */
  workDir: string
  /** Which of the machine's slots it may use, from 0; null: it needs no device. */
  slot: number | null
}

/** `stop`: checkpoint, evaluate, keep. `suspend`: checkpoint and go. `kill`: at once. */
export type Order = 'stop' | 'suspend' | 'kill'

/** How a trainer ended; both null: nobody saw it (its keeper was killed as well). */
export interface Exit {
  code: number | null
  signal: string | null
}

/** A trainer that was found running, whoever started it. */
export interface Found {
  jobId: string
  attempt: number
  runner: Runner
}

export interface Launcher {
  /** Starts a trainer. Its standard output goes to `events.jsonl`, its errors to `log.txt` in the attempt's folder. Throws where it cannot be started. */
  launch(launch: Launch): Promise<Runner>
  /** Whether this launcher can look after it: another machine's, or another work folder's, it cannot. */
  isOurs(runner: Runner): boolean
  isAlive(runner: Runner): Promise<boolean>
  /** Gives the order to the trainer and what it started; nothing happens where it is gone. */
  signal(runner: Runner, order: Order): Promise<void>
  /** Of a runner that is gone. */
  exit(runner: Runner): Promise<Exit>
  /** All trainers that run on this machine for this work folder. */
  list(): Promise<Found[]>
}
