/** The API as a process: reads its environment, opens its parts, serves until it is told to stop. */
import { randomBytes } from 'node:crypto'
import { runService, stopSignal } from '@imclr/contract'
import { openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'
import { openStore, storeConfigFromEnv } from '@imclr/storage'
import { apiConfigOf, lacksPublicUrl, publicUrlAdvice, readEnv } from './env.js'
import { ensureFirstKey } from './key/ensureFirstKey.js'
import { makeLog } from './log.js'
import type { ApiParts } from './parts.js'
import { createApi } from './server.js'
import { startSweep } from './sweep/startSweep.js'

async function main(): Promise<void> {
  const env = readEnv()
  const log = makeLog(env.LOG_LEVEL)
  const database = await openDatabase({ url: env.DATABASE_URL })
  const store = await openStore(storeConfigFromEnv(env.variables))
  const queue = await openQueue({
    url: env.QUEUE_URL ?? env.DATABASE_URL,
    onError: (error) => log.warn({ err: error }, 'queue'),
  })
  const parts: ApiParts = {
    database,
    store,
    queue,
    config: apiConfigOf(env, env.IMCLR_SIGNING_KEY),
    log,
    clock: () => new Date(),
    random: randomBytes,
  }

  const first = await ensureFirstKey({ database, path: env.IMCLR_FIRST_KEY_FILE })
  if (first.created) log.info({ path: first.path }, 'the first API key is in this file')
  const app = await createApi(parts)
  const address = await app.listen({ host: env.HOST, port: env.PORT })
  const sweeping = startSweep(parts, { everySeconds: env.IMCLR_SWEEP_SECONDS })
  log.info({ address, publicUrl: parts.config.publicUrl }, 'serving')
  if (lacksPublicUrl(env)) log.warn(publicUrlAdvice)

  const signal = await stopSignal(process)
  log.info({ signal }, 'stopping')
  await app.close()
  await sweeping.stop()
  await queue.close()
  await store.close()
  await database.close()
}

await runService(main, { name: 'imclr api', process })
