#!/usr/bin/env node
/**
 * The scheduler as a process of its own: takes jobs from the queue and runs each to its end. `env.ts` has the variables
 * that it reads.
 */
import { runService, stopSignal } from '@imclr/contract'
import { openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'
import { openStore, storeConfigFromEnv } from '@imclr/storage'
import { pino } from 'pino'
import { readEnv, schedulerConfig } from './env.js'
import { openLauncher } from './launch/openLauncher.js'
import { serveHealth } from './serveHealth.js'
import { startScheduler } from './startScheduler.js'
import { systemClock } from './systemClock.js'

async function main(): Promise<void> {
  const env = readEnv()
  const log = pino({ name: 'imclr-scheduler', level: env.LOG_LEVEL })
  const config = schedulerConfig(env, env.IMCLR_WORK_DIR)

  const database = await openDatabase({ url: env.DATABASE_URL })
  const store = await openStore(storeConfigFromEnv(env.variables))
  const queue = await openQueue({
    url: env.QUEUE_URL ?? env.DATABASE_URL,
    onError: (err) => log.warn({ err }, 'queue'),
  })
  const launcher = openLauncher(env, config.workDir)

  const scheduler = await startScheduler({ database, store, queue, launcher, config, log, clock: systemClock })
  const health = await serveHealth(scheduler, { host: env.HOST, port: env.PORT, log })

  const signal = await stopSignal(process)
  log.info({ signal }, 'closing: trainers leave a checkpoint and go back to the queue')
  health.close()
  await scheduler.close()
  await queue.close()
  await store.close()
  await database.close()
}

await runService(main, { name: 'imclr scheduler', process })
