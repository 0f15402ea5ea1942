import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import type { Command, EventLine, EventReader, Launcher, LauncherSettings, Runner } from '@imclr/scheduler'
import { z } from 'zod'

/*
 * A launcher that lives in the tests alone. It reaches trainers as a Docker launcher would: by a container's name, with
 * logs as a stream, the end by waiting, and labels to find containers by. It knows neither a process nor a path.
 */

const containerRunner = z.object({ name: z.string() })
const signals: Record<Command, NodeJS.Signals> = { stop: 'SIGTERM', suspend: 'SIGUSR2', kill: 'SIGKILL' }

export function containerLauncher(engine: ContainerEngine, settings: LauncherSettings): Launcher {
  const makeRunner = (name: string, slot: number | null): Runner => ({
    kind: 'container',
    label: `container ${name}`,
    slot,
    data: { name },
  })
  const nameOf = (runner: Runner): string => containerRunner.parse(runner.data).name
  const labels = { scheduler: settings.workDir }
  return {
    async launch({ job, slot }) {
      const name = `imclr-${job.jobId}-${job.attempt}`
      await engine.run({
        name,
        command: settings.command,
        input: JSON.stringify(job),
        environment: settings.environment,
        labels: { ...labels, job: job.jobId, attempt: String(job.attempt), slot: String(slot ?? '') },
      })
      return makeRunner(name, slot)
    },
    owns: (runner) =>
      runner.kind === 'container' &&
      (engine.labels(nameOf(runner))?.scheduler ?? settings.workDir) === settings.workDir,
    isRunning: async (runner) => engine.isRunning(nameOf(runner)),
    send: async (runner, command) => engine.kill(nameOf(runner), signals[command]),
    openEvents: async (runner) => readStream(engine.logs(nameOf(runner)), () => engine.lastWrite(nameOf(runner))),
    async exit(runner) {
      const code = await engine.wait(nameOf(runner))
      const killedBy = Object.entries(constants.signals).find(([, number]) => code !== null && number === code - 128)
      return killedBy ? { code: null, signal: killedBy[0] } : { code, signal: null }
    },
    readLogEnd: async (runner, bytes) => engine.errors(nameOf(runner)).slice(-bytes),
    remove: async (runner) => engine.remove(nameOf(runner)),
    list: async () =>
      engine
        .list(labels)
        .filter(({ name }) => engine.isRunning(name))
        .map(({ name, labels: { job, attempt, slot } }) => ({
          jobId: job!,
          attempt: Number(attempt),
          runner: makeRunner(name, slot ? Number(slot) : null),
        })),
    async prune(keep) {
      for (const { name, labels: found } of engine.list(labels))
        if (!keep.has(found.job!) && !engine.isRunning(name)) await engine.remove(name)
    },
  }
}

function readStream(stream: Readable, lastWrite: () => number | null): EventReader {
  let number = 0
  let pending = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    pending += text
  })
  return {
    async read({ last = false } = {}) {
      if (last && !stream.readableEnded) await new Promise((resolve) => stream.once('end', resolve))
      const whole = pending.split('\n')
      const rest = whole.pop()!
      const texts = last && rest !== '' ? [...whole, rest] : whole
      pending = last ? '' : rest
      return texts.map((text): EventLine => ({ number: ++number, text }))
    },
    lastWrite: async () => lastWrite(),
    async [Symbol.asyncDispose]() {
      stream.destroy()
    },
  }
}

interface Container {
  labels: Record<string, string>
  child: ChildProcess
  output: string
  errors: string
  lastWrite: number | null
  /** Streams that follow the output. */
  followers: Set<PassThrough>
  /** Exit code, 128 + n for a signal, as Docker tells it; null while it runs. */
  code: number | null
  ended: Promise<void>
}

/** What stands in for Docker's daemon: it outlives the launchers that are opened on it. */
export class ContainerEngine implements AsyncDisposable {
  private readonly containers = new Map<string, Container>()

  constructor(private readonly folder: string) {}

  async run(wanted: {
    name: string
    command: [string, ...string[]]
    input: string
    environment: Record<string, string>
    labels: Record<string, string>
  }): Promise<void> {
    const { name, command, input, environment, labels } = wanted
    await mkdir(this.folder, { recursive: true })
    const inputFile = join(this.folder, `${name}.json`)
    await writeFile(inputFile, input)
    const [program, ...args] = command
    const child = spawn(program, [...args, inputFile], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    const container: Container = {
      labels,
      child,
      output: '',
      errors: '',
      lastWrite: null,
      followers: new Set(),
      code: null,
      ended: new Promise((resolve) =>
        child.once('close', (code, signal) => {
          container.code = code ?? 128 + constants.signals[signal!]
          for (const follower of container.followers) follower.end()
          resolve()
        }),
      ),
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      container.output += text
      container.lastWrite = Date.now()
      for (const follower of container.followers) follower.write(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      container.errors += text
    })
    this.containers.set(name, container)
  }

  isRunning(name: string): boolean {
    return this.containers.get(name)?.code === null
  }

  labels(name: string): Record<string, string> | undefined {
    return this.containers.get(name)?.labels
  }

  list(wanted: Record<string, string>): { name: string; labels: Record<string, string> }[] {
    return [...this.containers]
      .map(([name, { labels }]) => ({ name, labels }))
      .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
  }

  kill(name: string, signal: NodeJS.Signals): void {
    if (this.isRunning(name)) this.containers.get(name)!.child.kill(signal)
  }

  /** The output from its beginning, and on while the container runs. */
  logs(name: string): Readable {
    const stream = new PassThrough()
    const container = this.containers.get(name)
    stream.write(container?.output ?? '')
    if (container?.code === null) container.followers.add(stream)
    else stream.end()
    return stream
  }

  errors(name: string): string {
    return this.containers.get(name)?.errors ?? ''
  }

  lastWrite(name: string): number | null {
    return this.containers.get(name)?.lastWrite ?? null
  }

  /** The exit code, once the container has ended; null: there is no such container. */
  async wait(name: string): Promise<number | null> {
    await this.containers.get(name)?.ended
    return this.containers.get(name)?.code ?? null
  }

  async remove(name: string): Promise<void> {
    this.kill(name, 'SIGKILL')
    await this.containers.get(name)?.ended
    this.containers.delete(name)
    await rm(join(this.folder, `${name}.json`), { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.containers.keys()]) await this.remove(name)
  }
}
