import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '@imclr/contract'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { notify, type Database } from '../database.js'
import * as schema from '../schema.js'
import { migrationLock, migrations } from './migrations.js'
import { PostgresListener } from './postgresListener.js'

const connectWithinMs = 5_000
/**
 * A process that freezes in the middle of a transaction loses its locks after this time. No transaction of ours waits
 * that long between two statements.
 */
const frozenAfterMs = 10_000

/** Opens a PostgreSQL server: a pool for queries, and a separate connection for notifications once somebody listens. */
export async function openPostgres({
  url,
  maxConnections = 10,
}: {
  url: string
  maxConnections?: number
}): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectWithinMs,
    idle_in_transaction_session_timeout: frozenAfterMs,
    keepAlive: true,
    application_name: 'imclr',
  })
  // The pool replaces a connection that breaks while it is idle. Trouble that lasts reaches the next query.
  pool.on('error', () => {})
  try {
    await bringUpToDate(pool)
  } catch (cause) {
    await pool.end()
    throw isConnectionError(cause) ? unavailable(url, cause) : cause
  }

  const queries = drizzle(pool, { schema, casing: 'snake_case' })
  const listener = new PostgresListener(url)
  return {
    kind: 'postgres',
    location: `PostgreSQL at ${new URL(url).host}`,
    queries,
    pglite: null,
    transaction: (work) => queries.transaction(work),
    listen: (channel, callback) => listener.listen(channel, callback),
    notify: (channel, payload) => notify(queries, channel, payload),
    async check() {
      const late = delay(connectWithinMs, undefined, { ref: false }).then(() => {
        throw new Error('no answer')
      })
      try {
        await Promise.race([pool.query('select 1'), late])
      } catch (cause) {
        throw unavailable(url, cause)
      }
    },
    async close() {
      await listener.close()
      await pool.end()
    },
  }
}

/** Migrates under an advisory lock: where processes start together, one migrates and the others find it done. */
async function bringUpToDate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await migrate(drizzle(client), migrations)
  } finally {
    // Closing the session releases the lock, also after an error on the connection.
    client.release(true)
  }
}

function unavailable(url: string, cause: unknown): Failure {
  const { host } = new URL(url)
  return new Failure(
    'UNAVAILABLE',
    `PostgreSQL at ${host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  )
}

/** PostgreSQL's disk_full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && (('code' in error && error.code === '53100') || isDiskFull(error.cause))
}

/**
 * Node's network errors, and PostgreSQL's classes 08 (connection), 28 (password), 3D (no such database), 53
 * (resources), 57P (shutdown).
 */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (
    /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|08|28|3D|53|57P)/.test(code) ||
    /timeout|terminated/i.test(error.message)
  )
    return true
  return error.cause !== undefined && isConnectionError(error.cause)
}
