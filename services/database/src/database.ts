import type { PGlite } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type * as schema from './schema.js'

/** What every query function takes: the database itself, or a transaction of it. */
export type Queries = PgDatabase<PgQueryResultHKT, typeof schema>

/**
 * Told the payload of a notification; `null`: the connection was lost and is back, anything may have been missed, so
 * look again.
 */
export type Listener = (payload: string | null) => void

/** What the queue needs of PGlite: its one session, which the tables and the queue share. */
export type PgliteHandle = Pick<PGlite, 'query' | 'exec' | 'listen' | 'transaction'>

export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /** Where its disk is, in words for whoever has to free it. */
  readonly place: string
  readonly queries: Queries
  /**
   * Runs `work` in one transaction: all of it or nothing. PGlite has one session: while `work` runs, everything else
   * waits, so it must use the transaction it is given and nothing else of the database, nor the queue.
   */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>
  /** Calls `listener` for every notification on `channel`, all through one connection. Gives a function that ends it. */
  listen(channel: Channel, listener: Listener): Promise<() => Promise<void>>
  /** Tells all listeners of all processes; inside a transaction use the function `notify`, which tells them when it commits. */
  notify(channel: Channel, payload: string): Promise<void>
  /** Throws Failure UNAVAILABLE where the database does not answer within 5 s. */
  check(): Promise<void>
  close(): Promise<void>
  /** Present with kind 'pglite' alone. */
  readonly pglite: PgliteHandle | null
}

/** `job`: the id of a job that has a new event, another state, or a cancel request. */
export const channels = ['job'] as const
export type Channel = (typeof channels)[number]
export const channelName = (channel: Channel): string => `imclr_${channel}`
