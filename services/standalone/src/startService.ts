/** The whole service in one process: opens its parts one after the other, and closes them in the opposite order. */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  apiConfigOf,
  createApi,
  ensureFirstKey,
  lacksPublicUrl,
  publicUrlAdvice,
  publicUrlOf,
  startSweep,
} from '@imclr/api'
import { lockFolder, openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'
import { openLauncher, schedulerConfig, startScheduler, systemClock } from '@imclr/scheduler'
import { openStore, storeConfigFromEnv } from '@imclr/storage'
import type { Logger } from 'pino'
import { choosePort } from './choosePort.js'
import type { Settings } from './env.js'
import { leaveNotes } from './serviceNote.js'
import { signingKey } from './signingKey.js'

export interface RunningService {
  url: string
  keyFile: string
  /** True at the very first start in this folder. */
  madeKey: boolean
  /** Sentences for the operator. */
  warnings: string[]
  close(): Promise<void>
}

/**
 * Starts the service. Where anything fails, it closes what it has opened. Throws Failure CONFLICT where the folder or
 * the port is in use.
 */
export async function startService(settings: Settings, log: Logger): Promise<RunningService> {
  const { dataDir, running, databaseUrl, queueUrl } = settings
  const closers: { name: string; close: () => Promise<unknown> }[] = []
  const opened = <T>(name: string, part: T, close: () => Promise<unknown>): T => {
    closers.unshift({ name, close })
    return part
  }
  async function closeAll(): Promise<void> {
    for (const { name, close } of closers.splice(0))
      await close().catch((err: unknown) => log.error({ err, part: name }, 'a part did not close cleanly'))
  }

  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    opened('lock', null, await lockFolder(join(dataDir, 'service')))
    const serving = { ...settings.serving, PORT: await choosePort(settings.serving.HOST, settings.serving.PORT) }
    const url = publicUrlOf(serving)
    const key = settings.variables.IMCLR_SIGNING_KEY ?? (await signingKey(join(dataDir, 'signing-key')))
    const variables = {
      OBJECT_STORE_URL: pathToFileURL(join(dataDir, 'objects')).href,
      ...settings.variables,
      IMCLR_SIGNING_KEY: key,
    }

    const database = await openDatabase(
      databaseUrl === null ? { pgliteDir: join(dataDir, 'pg') } : { url: databaseUrl },
    )
    opened('database', database, () => database.close())
    const store = await openStore(storeConfigFromEnv(variables))
    opened('store', store, () => store.close())
    const onError = (err: Error): void => log.warn({ err }, 'queue')
    const ownQueue = database.pglite === null ? { url: databaseUrl! } : { pglite: database.pglite }
    const queue = await openQueue({ ...(queueUrl === null ? ownQueue : { url: queueUrl }), onError })
    opened('queue', queue, () => queue.close())

    const keyFile = join(dataDir, 'api-key')
    const { created } = await ensureFirstKey({ database, path: keyFile })
    const config = schedulerConfig(running, join(dataDir, 'work'))
    const launcher = openLauncher({ ...running, variables }, config.workDir)
    const scheduler = await startScheduler({ database, store, queue, launcher, config, log, clock: systemClock })
    opened('scheduler', scheduler, () => scheduler.close())
    const parts = {
      database,
      store,
      queue,
      config: apiConfigOf(serving, key),
      log,
      clock: () => new Date(),
      random: randomBytes,
    }
    const sweeping = startSweep(parts, { everySeconds: serving.IMCLR_SWEEP_SECONDS })
    opened('sweep', sweeping, () => sweeping.stop())
    const app = await createApi(parts)
    opened('api', app, () => app.close())
    const { registry } = scheduler.metrics
    app.get('/metrics/scheduler', async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    )
    await app.listen({ host: serving.HOST, port: serving.PORT })
    opened(
      'notes',
      null,
      await leaveNotes({ url, keyFile, pid: process.pid, dataDir: settings.dataDir }, settings.stateHome),
    )
    const warnings = lacksPublicUrl(serving) ? [publicUrlAdvice] : []
    for (const warning of warnings) log.warn(warning)
    return { url, keyFile, madeKey: created, warnings, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}
