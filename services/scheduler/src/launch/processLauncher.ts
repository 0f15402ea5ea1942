import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { Failure } from '@imclr/contract'
import type { Exit, Found, Launch, Launcher, Order, Runner } from './launcher.js'
import { processEnvironment, processFacts, processIds } from './processTable.js'

export interface ProcessLauncherOptions {
  /** Command line before the job file's path: Node and the trainer's main.js. */
  command: [string, ...string[]]
  /** All of the trainer's environment but what the launcher adds: no secret that it does not need. */
  environment: Record<string, string>
  /** Folder of all attempts' folders: says whose trainers these are. */
  workRoot: string
  host: string
  /** 0..19: how far trainers step back behind the service's own processes. */
  niceness: number
  /** Device of each slot (`CUDA_VISIBLE_DEVICES`); null: the trainer sees all there are. Without a slot it sees none. */
  devices: string[] | null
}

const signals = { stop: 'SIGTERM', suspend: 'SIGUSR2', kill: 'SIGKILL' } as const satisfies Record<
  Order,
  NodeJS.Signals
>

/*
 * A shell of a few hundred kilobytes keeps each trainer: it outlives the scheduler, and leaves the exit code in a file
 * for whoever asks later. It traps the signals that are meant for the trainer (sent to the whole group) and only then
 * starts it, with the signals' defaults restored, as POSIX has it for trapped ones. The file appears whole or not at all.
 */
const keeper = 'trap : TERM USR2 INT HUP; "$@"; code=$?; echo "$code" > exit.new && mv exit.new exit'

/** Starts trainers as child processes, each the leader of a process group of its own, so that they outlive the scheduler. */
export function processLauncher(options: ProcessLauncherOptions): Launcher {
  const { command, environment, workRoot, host, niceness, devices } = options

  async function launch({ jobId, attempt, workDir, slot }: Launch): Promise<Runner> {
    const [events, log] = await Promise.all([
      open(join(workDir, 'events.jsonl'), 'a', 0o600),
      open(join(workDir, 'log.txt'), 'a', 0o600),
    ])
    try {
      const nice = niceness > 0 ? ['nice', '-n', String(niceness)] : []
      const device = slot === null ? '' : devices?.[slot]
      const child = spawn('/bin/sh', ['-c', keeper, 'imclr-trainer', ...nice, ...command, join(workDir, 'job.json')], {
        cwd: workDir,
        detached: true,
        stdio: ['ignore', events.fd, log.fd],
        env: {
          ...environment,
          ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device }),
          IMCLR_TRAINER_JOB: jobId,
          IMCLR_TRAINER_ATTEMPT: String(attempt),
          IMCLR_TRAINER_SLOT: String(slot ?? ''),
          IMCLR_TRAINER_HOME: workRoot,
        },
      })
      await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
      child.unref()
      // A child that ended already stays in the table until the event loop has collected it: its facts are still there.
      const facts = await processFacts(child.pid!)
      return { kind: 'process', host, pid: child.pid!, startTime: facts?.startTime ?? 'gone', workDir, slot }
    } catch (cause) {
      throw new Failure('INTERNAL', `the trainer could not be started: ${(cause as Error).message}`, { cause })
    } finally {
      await Promise.all([events.close(), log.close()])
    }
  }

  /** Members of a runner's group that still run, the keeper or not. The group's number cannot be given away before they are gone. */
  async function livingMembers(runner: Runner): Promise<number[]> {
    const leader = await processFacts(runner.pid)
    if (leader !== null && leader.startTime !== runner.startTime) return []
    if (leader !== null && !leader.zombie) return [runner.pid]
    const members = await Promise.all(
      (await processIds()).map(async (pid) => {
        const facts = await processFacts(pid)
        if (facts === null || facts.zombie || facts.group !== runner.pid) return []
        return (await processEnvironment(pid)).get('IMCLR_TRAINER_HOME') === workRoot ? [pid] : []
      }),
    )
    return members.flat()
  }

  const isOurs = (runner: Runner): boolean => runner.host === host && runner.workDir.startsWith(`${workRoot}/`)

  async function isAlive(runner: Runner): Promise<boolean> {
    return isOurs(runner) && (await livingMembers(runner)).length > 0
  }

  async function signal(runner: Runner, order: Order): Promise<void> {
    if (!(await isAlive(runner))) return
    try {
      process.kill(-runner.pid, signals[order])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async function exit(runner: Runner): Promise<Exit> {
    const text = await readFile(join(runner.workDir, 'exit'), 'utf8').catch(() => null)
    if (text === null) return { code: null, signal: null }
    const code = Number(text)
    // A shell says "killed by signal n" as 128 + n.
    const killedBy = Object.entries(constants.signals).find(([, number]) => number === code - 128)
    return killedBy ? { code: null, signal: killedBy[0] } : { code, signal: null }
  }

  async function list(): Promise<Found[]> {
    const found = await Promise.all(
      (await processIds()).map(async (pid): Promise<Found[]> => {
        const environment = await processEnvironment(pid)
        if (environment.get('IMCLR_TRAINER_HOME') !== workRoot) return []
        const [facts, jobId, attempt, slot] = [
          await processFacts(pid),
          environment.get('IMCLR_TRAINER_JOB'),
          Number(environment.get('IMCLR_TRAINER_ATTEMPT')),
          environment.get('IMCLR_TRAINER_SLOT'),
        ]
        if (facts === null || facts.zombie || jobId === undefined) return []
        // A member whose keeper was killed is known by its group.
        const leader = facts.group === pid ? facts : await processFacts(facts.group)
        const runner: Runner = {
          kind: 'process',
          host,
          pid: facts.group,
          startTime: leader?.startTime ?? 'gone',
          workDir: join(workRoot, jobId, String(attempt)),
          slot: slot ? Number(slot) : null,
        }
        return [{ jobId, attempt, runner }]
      }),
    )
    return [...new Map(found.flat().map((each) => [each.runner.pid, each])).values()]
  }

  return { launch, isOurs, isAlive, signal, exit, list }
}
