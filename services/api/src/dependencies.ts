/** What the API needs to run. `main.ts`, standalone or a test opens it and passes it in. */
import type { Database } from '@imclr/database'
import type { JobQueue } from '@imclr/queue'
import type { ObjectStore } from '@imclr/storage'
import type { Logger } from 'pino'
import type { ApiConfig } from './config.js'
import type { JobSignals } from './job/jobSignals.js'
import type { Limits } from './request/rateLimits.js'

export interface ApiDependencies {
  database: Database
  store: ObjectStore
  queue: JobQueue
  config: ApiConfig
  log: Logger
  clock: () => Date
  /** Gives so many random bytes, good enough for secrets. */
  random: (bytes: number) => Uint8Array
}

/** The same, and what one server adds. */
export interface ServerDependencies extends ApiDependencies {
  signals: JobSignals
  limits: Limits
}
