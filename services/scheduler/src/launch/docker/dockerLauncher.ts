import { readFileSync } from 'node:fs'
import { Failure, readEnvironment } from '@imclr/contract'
import { z } from 'zod'
import type { Command, Exit, FoundTrainer, Launch, Launcher, LauncherSettings, Runner } from '../launcher.js'
import { exitOf, signalOf } from '../signals.js'
import { containerEnvironment } from './containerEnvironment.js'
import {
  containerName,
  containerOptions,
  containerUser,
  jobFileName,
  jobFolder,
  labelNames,
} from './containerOptions.js'
import { dockerVariables } from './dockerVariables.js'
import { openEngine, type FoundContainer } from './engine.js'
import { readLog } from './readLog.js'

const kind = 'docker'

/** What a Docker launcher keeps of a runner. */
const dockerRunner = z.object({
  scheduler: z.string(), // whose container it is
  name: z.string(),
})

/**
 * Starts trainers as containers of a Docker engine, one for each attempt. The scheduler may be a container itself: job
 * files and events travel through the engine, and no folder of the host is shared. Containers outlive the scheduler and
 * are found again by their labels. Throws Failure BAD_INPUT where a variable is wrong or the store cannot be reached
 * from a container.
 */
export function dockerLauncher({ environment, workDir, host, devices, variables: given }: LauncherSettings): Launcher {
  const variables = readEnvironment(dockerVariables, { given, readFile: (path) => readFileSync(path, 'utf8') })
  const scheduler = `${host}:${workDir}`
  const settings = { variables, environment: containerEnvironment(environment), scheduler, devices }
  const engine = openEngine({ host: variables.DOCKER_HOST, certificates: variables.DOCKER_CERT_PATH ?? null })
  const image = variables.IMCLR_TRAINER_IMAGE
  let pulling: Promise<void> | null = null
  const watching = new Set<(done: number, total: number) => void>()

  const makeRunner = (name: string, slot: number | null): Runner => ({
    kind,
    label: `container ${name}`,
    slot,
    data: { scheduler, name },
  })
  const nameOf = (runner: Runner): string => dockerRunner.parse(runner.data).name

  async function launch({ job, slot, onPull = () => {} }: Launch): Promise<Runner> {
    await requireImage(onPull)
    const name = containerName(job)
    await removeLeft(name)
    await engine.create(containerOptions({ job, slot }, settings))
    try {
      const bytes = Buffer.from(JSON.stringify(job))
      await engine.putFile(name, { folder: jobFolder, name: jobFileName, bytes, uid: containerUser })
      await engine.start(name)
    } catch (error) {
      await engine.remove(name).catch(() => {}) // prune tries again; why it could not be started matters more
      throw error
    }
    return makeRunner(name, slot)
  }

  /** Pulls the image where the engine lacks it, once for all that wait for it. Throws Failure IMAGE_UNAVAILABLE. */
  async function requireImage(onPull: (done: number, total: number) => void): Promise<void> {
    if (await engine.hasImage(image)) return
    watching.add(onPull)
    pulling ??= engine
      .pull(image, (done, total) => watching.forEach((watch) => watch(done, total)))
      .finally(() => {
        pulling = null
        watching.clear()
      })
    await pulling
  }

  /** Removes a container of this attempt that was made and never started: its scheduler was killed in between. */
  async function removeLeft(name: string): Promise<void> {
    const left = await engine.inspect(name)
    if (left === null) return
    if (left.State.Running) throw new Failure('CONFLICT', `container ${name} runs already`)
    await engine.remove(name)
  }

  function owns(runner: Runner): boolean {
    return runner.kind === kind && dockerRunner.safeParse(runner.data).data?.scheduler === scheduler
  }

  async function isRunning(runner: Runner): Promise<boolean> {
    const container = owns(runner) ? await engine.inspect(nameOf(runner)) : null
    return container?.State.Running ?? false
  }

  async function send(runner: Runner, command: Command): Promise<void> {
    const name = nameOf(runner)
    // The engine delivers no signal to a paused container.
    if ((await engine.inspect(name))?.State.Paused) await engine.unpause(name)
    await engine.kill(name, signalOf[command])
  }

  async function exit(runner: Runner): Promise<Exit> {
    const state = (await engine.inspect(nameOf(runner)))?.State
    if (state === undefined || state.Running) return { code: null, signal: null }
    const exit = exitOf(state.ExitCode)
    return exit.signal !== null && state.OOMKilled ? { ...exit, outOfMemory: true } : exit
  }

  /** The end of standard error: so many lines surely have the bytes, and no more than the lines are sent. */
  async function readLogEnd(runner: Runner, bytes: number): Promise<string> {
    const text = await engine.lastLines(nameOf(runner), { of: 'stderr', lines: 200, timestamps: false })
    return Buffer.from(text).subarray(-bytes).toString('utf8')
  }

  async function lastWrite(runner: Runner): Promise<number | null> {
    const line = await engine.lastLines(nameOf(runner), { of: 'stdout', lines: 1, timestamps: true })
    const at = Date.parse(line.slice(0, line.indexOf(' ')))
    return Number.isNaN(at) ? null : at
  }

  const ours = (): Promise<FoundContainer[]> => engine.list({ [labelNames.scheduler]: scheduler })

  async function list(): Promise<FoundTrainer[]> {
    return (await ours())
      .filter(({ isRunning }) => isRunning)
      .map(({ name, labels }) => ({
        jobId: labels[labelNames.job]!,
        attempt: Number(labels[labelNames.attempt]),
        runner: makeRunner(name, labels[labelNames.slot] ? Number(labels[labelNames.slot]) : null),
      }))
  }

  async function prune(keep: ReadonlySet<string>): Promise<void> {
    for (const { name, labels, isRunning } of await ours())
      if (!isRunning && !keep.has(labels[labelNames.job]!)) await engine.remove(name)
  }

  return {
    launch,
    owns,
    isRunning,
    send,
    openEvents: async (runner) =>
      readLog({ open: () => engine.output(nameOf(runner)), lastWrite: () => lastWrite(runner) }),
    exit,
    readLogEnd,
    remove: (runner) => engine.remove(nameOf(runner)),
    list,
    prune,
  }
}
