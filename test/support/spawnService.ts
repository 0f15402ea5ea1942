import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The repository: this file runs from its source as well as from `test/dist`. */
const root = [new URL('../..', import.meta.url), new URL('../../..', import.meta.url)]
  .map((url) => fileURLToPath(url))
  .find((folder) => existsSync(join(folder, 'vitest.config.ts')))!
const built = (service: string): string => join(root, 'services', service, 'dist', 'main.js')

export const builtApi = built('api')
export const builtScheduler = built('scheduler')
export const builtStandalone = built('standalone')
export const protocolTrainer = join(root, 'test', 'support', 'protocolTrainer.mjs')

export interface ServiceProcess extends AsyncDisposable {
  pid: number
  /** What it wrote so far, standard output and errors. */
  output(): string
  /** Waits until it wrote `words`. Throws with all it wrote where it ends or 60 s pass before. */
  says(words: string): Promise<void>
  ended(): boolean
  signal(name: NodeJS.Signals): void
  /** Waits for its end; gives its exit code, null where a signal ended it. */
  end(name?: NodeJS.Signals): Promise<number | null>
}

/** Starts one of our services from `dist` as a process of its own. */
export function spawnService(program: string, args: string[], environment: Record<string, string>): ServiceProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, IMCLR_PROBE: 'off', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  const service: ServiceProcess = {
    pid: child.pid!,
    output: () => output,
    async says(words) {
      const deadline = Date.now() + 60_000
      while (!output.includes(words)) {
        if (ended() || Date.now() > deadline) throw new Error(`it never said "${words}":\n${output}`)
        await delay(20)
      }
    },
    ended,
    signal: (name) => void child.kill(name),
    async end(name) {
      if (name) child.kill(name)
      if (!ended()) await once(child, 'exit')
      return child.exitCode
    },
    async [Symbol.asyncDispose]() {
      if (!ended()) await service.end('SIGKILL')
    },
  }
  return service
}
