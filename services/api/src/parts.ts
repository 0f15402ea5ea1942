/** What the API is made of: opened by `main.ts` (or standalone, or a test) and passed in. */
import type { Database } from '@imclr/database'
import type { JobQueue } from '@imclr/queue'
import type { ObjectStore } from '@imclr/storage'
import type { Logger } from 'pino'
import type { ApiConfig } from './config.js'
import type { JobSignals } from './job/jobSignals.js'
import type { Limits } from './request/rateLimits.js'

export interface ApiParts {
  database: Database
  store: ObjectStore
  queue: JobQueue
  config: ApiConfig
  log: Logger
  clock: () => Date
  /** So many random bytes, fit for secrets. */
  random: (bytes: number) => Uint8Array
}

/** The parts, and what one server makes of them. */
export interface ServerParts extends ApiParts {
  signals: JobSignals
  limits: Limits
}
