import type { PGlite } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type * as schema from './schema.js'

/** What every query function takes: the database itself, or a transaction of it. */
export type Queries = PgDatabase<PgQueryResultHKT, typeof schema>

/**
 * Receives the payload of a notification, or `null` after the connection was lost and restored: notifications may have
 * been missed then, so look again.
 */
export type Listener = (payload: string | null) => void

/** What the queue needs of PGlite: its one session, which the tables and the queue share. */
export type PgliteHandle = Pick<PGlite, 'query' | 'exec' | 'listen' | 'transaction'>

export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /** Where its disk is, in words for whoever has to free it. */
  readonly location: string
  readonly queries: Queries
  /**
   * Runs `work` in one transaction. PGlite has one session and everything else waits while `work` runs, so `work` must
   * use the transaction that it is given, and neither `queries` nor the queue.
   */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>
  /**
   * Calls `listener` for every notification on `channel`. All listeners share one connection. Gives a function that
   * stops listening.
   */
  listen(channel: Channel, listener: Listener): Promise<() => Promise<void>>
  /**
   * Tells the listeners of all processes at once. Inside a transaction use the function `notify`, which tells them when
   * it commits.
   */
  notify(channel: Channel, payload: string): Promise<void>
  /** Throws Failure UNAVAILABLE where the database does not answer within 5 s. */
  check(): Promise<void>
  close(): Promise<void>
  /** Null unless the kind is 'pglite'. */
  readonly pglite: PgliteHandle | null
}

/** `job`: the id of a job that has a new event, another state, or a cancel request. */
export type Channel = 'job'
export const channelName = (channel: Channel): string => `imclr_${channel}`

/** Tells the listeners of `channel` once the transaction has committed, and never where it fails. */
export async function notify(queries: Queries, channel: Channel, payload: string): Promise<void> {
  await queries.execute(sql`select pg_notify(${channelName(channel)}, ${payload})`)
}
