import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { diskFull, Failure, isNoSpace } from '@imclr/contract'
import { z } from 'zod'
import type { Command, Exit, FoundTrainer, Launch, Launcher, LauncherSettings, Runner } from '../launcher.js'
import { exitOf, signalOf } from '../signals.js'
import {
  attemptFiles,
  attemptFolder,
  makeAttemptFolder,
  pruneJobFolders,
  readExitCode,
  readLogEnd,
  removeJobFolder,
} from './attemptFolder.js'
import { processEnvironment, processFacts, processIds } from './processTable.js'
import { tailLines } from './tailLines.js'

export type ProcessLauncherOptions = Omit<LauncherSettings, 'variables'>

const kind = 'process'

/** What a process launcher keeps of a runner. */
export const processRunner = z.object({
  host: z.string(), // name of the machine: a launcher on another one cannot reach the process
  pid: z.int(), // of the supervisor, which leads the trainer's process group
  startTime: z.string(), // of the supervisor, in the system's own words: a reused process id has another
  folder: z.string(), // of the attempt: job file, events, log, exit code
})
type ProcessRunner = z.output<typeof processRunner>

/*
 * A shell of a few hundred kilobytes supervises each trainer: it outlives the scheduler, and leaves the exit code in a
 * file for whoever asks later. It traps the signals that are meant for the trainer (sent to the whole group) and only
 * then starts it, with the signals' defaults restored, as POSIX has it for trapped ones. The file appears whole or not
 * at all.
 */
const supervisor = 'trap : TERM USR2 INT HUP; "$@"; code=$?; echo "$code" > exit.new && mv exit.new exit'

/**
 * Starts trainers as child processes, each the leader of a process group of its own, so that they outlive the
 * scheduler.
 */
export function processLauncher(options: ProcessLauncherOptions): Launcher {
  const { command, environment, workDir, host, niceness, devices } = options

  const makeRunner = (data: ProcessRunner, slot: number | null): Runner => ({
    kind,
    label: `process ${data.pid} on ${data.host}`,
    slot,
    data,
  })
  const dataOf = (runner: Runner): ProcessRunner => processRunner.parse(runner.data)

  async function launch({ job, slot }: Launch): Promise<Runner> {
    const folder = attemptFolder(workDir, job)
    try {
      await makeAttemptFolder(folder, job)
      return makeRunner(await start(folder, job, slot), slot)
    } catch (cause) {
      if (isNoSpace(cause)) throw diskFull("the job's folder", { host, folder: workDir }, cause)
      throw new Failure('INTERNAL', `the trainer could not be started: ${(cause as Error).message}`, { cause })
    }
  }

  async function start(folder: string, job: Launch['job'], slot: number | null): Promise<ProcessRunner> {
    const files = attemptFiles(folder)
    const [events, log] = await Promise.all([open(files.events, 'a', 0o600), open(files.log, 'a', 0o600)])
    try {
      const nice = niceness > 0 ? ['nice', '-n', String(niceness)] : []
      const device = slot === null ? '' : devices?.[slot]
      const child = spawn('/bin/sh', ['-c', supervisor, 'imclr-trainer', ...nice, ...command, files.job], {
        cwd: folder,
        detached: true,
        stdio: ['ignore', events.fd, log.fd],
        env: {
          ...environment,
          ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device }),
          IMCLR_TRAINER_JOB: job.jobId,
          IMCLR_TRAINER_ATTEMPT: String(job.attempt),
          IMCLR_TRAINER_SLOT: String(slot ?? ''),
          IMCLR_TRAINER_HOME: workDir,
        },
      })
      await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
      child.unref()
      // A child that ended already stays in the table until the event loop has collected it: its facts are still there.
      const facts = await processFacts(child.pid!)
      return { host, pid: child.pid!, startTime: facts?.startTime ?? 'gone', folder }
    } finally {
      await Promise.all([events.close(), log.close()])
    }
  }

  /**
   * The processes of a runner's group that still run, with or without the supervisor. The system does not reuse the
   * group's number before all are gone.
   */
  async function runningMembers({ pid: group, startTime }: ProcessRunner): Promise<number[]> {
    const leader = await processFacts(group)
    if (leader !== null && leader.startTime !== startTime) return []
    if (leader !== null && !leader.zombie) return [group]
    const members = await Promise.all(
      (await processIds()).map(async (pid) => {
        const facts = await processFacts(pid)
        if (facts === null || facts.zombie || facts.group !== group) return []
        return (await processEnvironment(pid)).get('IMCLR_TRAINER_HOME') === workDir ? [pid] : []
      }),
    )
    return members.flat()
  }

  function owns(runner: Runner): boolean {
    const { data } = processRunner.safeParse(runner.data)
    return runner.kind === kind && data?.host === host && data.folder.startsWith(`${workDir}/`)
  }

  async function isRunning(runner: Runner): Promise<boolean> {
    return owns(runner) && (await runningMembers(dataOf(runner))).length > 0
  }

  async function send(runner: Runner, command: Command): Promise<void> {
    if (!(await isRunning(runner))) return
    try {
      process.kill(-dataOf(runner).pid, signalOf[command])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  const exit = async (runner: Runner): Promise<Exit> => exitOf(await readExitCode(dataOf(runner).folder))

  async function list(): Promise<FoundTrainer[]> {
    const found = await Promise.all((await processIds()).map(findTrainer))
    // The members of one group are one trainer.
    const byLabel = new Map(found.flatMap((trainer) => (trainer === null ? [] : [[trainer.runner.label, trainer]])))
    return [...byLabel.values()]
  }

  /** The trainer that a process belongs to; null: none of ours. */
  async function findTrainer(pid: number): Promise<FoundTrainer | null> {
    const environment = await processEnvironment(pid)
    if (environment.get('IMCLR_TRAINER_HOME') !== workDir) return null
    const facts = await processFacts(pid)
    const [jobId, attempt, slot] = [
      environment.get('IMCLR_TRAINER_JOB'),
      Number(environment.get('IMCLR_TRAINER_ATTEMPT')),
      environment.get('IMCLR_TRAINER_SLOT'),
    ]
    if (facts === null || facts.zombie || jobId === undefined) return null
    // A process whose supervisor was killed is known by its group.
    const leader = facts.group === pid ? facts : await processFacts(facts.group)
    const folder = attemptFolder(workDir, { jobId, attempt })
    const data = { host, pid: facts.group, startTime: leader?.startTime ?? 'gone', folder }
    return { jobId, attempt, runner: makeRunner(data, slot ? Number(slot) : null) }
  }

  return {
    launch,
    owns,
    isRunning,
    send,
    openEvents: async (runner) => tailLines(attemptFiles(dataOf(runner).folder).events),
    exit,
    readLogEnd: (runner, bytes) => readLogEnd(dataOf(runner).folder, bytes),
    remove: (runner) => removeJobFolder(dataOf(runner).folder),
    list,
    prune: (keep) => pruneJobFolders(workDir, keep),
  }
}
