import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { processLauncher, processRunner, type FoundTrainer } from '@imclr/scheduler'
import { freePort, makeFolder, postgres, redis } from '../support/parts.js'
import {
  builtApi,
  builtScheduler,
  builtStandalone,
  protocolTrainer,
  spawnService,
  type ServiceProcess,
} from '../support/spawnService.js'

/**
 * A running service whose processes can be killed one by one and started again, on the same data and at the same
 * address.
 */
export interface Fleet extends AsyncDisposable {
  url: string
  apiKey(): string
  /** Names of its processes, trainers left out. */
  services: string[]
  kill(services: string[]): Promise<void>
  /** Starts what does not run, and waits until the service is ready. */
  start(): Promise<void>
  trainers(): Promise<FoundTrainer[]>
  /** What its processes wrote, for the report of a run that went wrong. */
  words(): string
}

export type TrainerKind = 'protocol' | 'real'

/** Everything happens sooner than in earnest, so that a run is short. */
const hurried = (trainer: TrainerKind): Record<string, string> => ({
  ...(trainer === 'protocol' ? { IMCLR_TRAINER: protocolTrainer } : {}),
  IMCLR_LEASE_SECONDS: '3',
  IMCLR_RECONCILE_SECONDS: '0.5',
  IMCLR_RETRY_SECONDS: '0.1',
  IMCLR_CHECKPOINT_SECONDS: '0.3',
  IMCLR_REQUESTS_PER_MINUTE: '100000',
  LOG_LEVEL: 'warn',
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^(TF_|OMP_|IMCLR_LIBTENSORFLOW|IMCLR_CACHE|XDG_)/.test(name)
        ? [[name, value] as const]
        : [],
    ),
  ),
})

/** One process over PGlite and a folder. */
export async function standaloneFleet(trainer: TrainerKind): Promise<Fleet> {
  const folder = makeFolder('chaos')
  const port = await freePort()
  const environment = { ...hurried(trainer), XDG_STATE_HOME: join(folder, 'state') }
  return fleet({
    port,
    folder,
    keyFile: join(folder, 'api-key'),
    workDir: join(folder, 'work'),
    programs: {
      service: () => spawnService(builtStandalone, ['--data-dir', folder, '--port', String(port)], environment),
    },
  })
}

/** API and scheduler over PostgreSQL, Redis and a folder. */
export async function separateFleet(trainer: TrainerKind): Promise<Fleet> {
  const [folder, port, database, queue] = [makeFolder('chaos'), await freePort(), await postgres(), await redis()]
  const [workDir, keyFile] = [join(folder, 'work'), join(folder, 'api-key')]
  const environment = {
    ...hurried(trainer),
    DATABASE_URL: database.url,
    QUEUE_URL: queue.url,
    OBJECT_STORE_URL: `file://${folder}/objects`,
    IMCLR_SIGNING_KEY: randomBytes(32).toString('hex'),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  }
  const made = fleet({
    port,
    folder,
    keyFile,
    workDir,
    programs: {
      api: () => spawnService(builtApi, [], { ...environment, PORT: String(port), IMCLR_FIRST_KEY_FILE: keyFile }),
      scheduler: () => spawnService(builtScheduler, [], { ...environment, PORT: '0', IMCLR_WORK_DIR: workDir }),
    },
  })
  return {
    ...made,
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]()
      await queue[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

interface Plan {
  port: number
  folder: string
  keyFile: string
  workDir: string
  programs: Record<string, () => ServiceProcess>
}

function fleet({ port, folder, keyFile, workDir, programs }: Plan): Fleet {
  const url = `http://127.0.0.1:${port}`
  const running = new Map<string, ServiceProcess>()
  const said: string[] = []
  const launcher = processLauncher({
    command: [''],
    environment: {},
    workDir,
    host: hostname(),
    niceness: 0,
    devices: null,
  })
  const made: Fleet = {
    url,
    apiKey: () => readFileSync(keyFile, 'utf8').trim(),
    services: Object.keys(programs),
    async kill(services) {
      for (const name of services) running.get(name)?.signal('SIGKILL')
      for (const name of services) await running.get(name)?.end()
    },
    async start() {
      const deadline = Date.now() + 60_000
      for (;;) {
        for (const [name, spawn] of Object.entries(programs)) {
          const current = running.get(name)
          if (current && !current.ended()) continue
          if (current) said.push(`--- ${name}\n${current.output()}`)
          running.set(name, spawn())
        }
        if (
          await fetch(`${url}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          )
        )
          return
        if (Date.now() > deadline) throw new Error(`the service is not ready after a minute\n${made.words()}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    trainers: () => launcher.list(),
    words: () =>
      [...said, ...[...running].map(([name, each]) => `--- ${name}\n${each.output()}`)].join('\n').slice(-8000),
    async [Symbol.asyncDispose]() {
      for (const each of running.values()) if (!each.ended()) await each.end('SIGTERM')
      for (const { runner } of await launcher.list()) await launcher.send(runner, 'kill')
      await rm(folder, { recursive: true, force: true })
    },
  }
  return made
}

/** The processes of a trainer: its supervisor first, then what the supervisor started. */
export function membersOf({ runner }: FoundTrainer): number[] {
  const { pid } = processRunner.parse(runner.data)
  const ids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const members = ids.filter((id) => {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid
    } catch {
      return false // gone meanwhile
    }
  })
  return members.sort((a, b) => Number(b === pid) - Number(a === pid))
}
