import { createPostgresBackend, runMigrations, withBackend } from 'bullmq'
import pg from 'pg'
import type { Backend } from './backend.js'

/** BullMQ's SQL names its tables without a schema, so every session must look there first. */
export const queueSchema = 'bullmq'

const { Queue, Worker } = withBackend(createPostgresBackend)

/**
 * PostgreSQL; one pool for all, of which each worker keeps one connection to listen with: more than a scheduler's most
 * slots and preparations.
 */
export async function postgresBackend(url: string): Promise<Backend> {
  const pool = new pg.Pool({
    connectionString: url,
    options: `-c search_path=${queueSchema}`,
    max: 100,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    application_name: 'imclr queue',
  })
  pool.on('error', () => {}) // the pool replaces a connection that breaks while it idles
  try {
    const client = await pool.connect()
    try {
      await runMigrations(client, queueSchema)
    } finally {
      client.release()
    }
  } catch (error) {
    await pool.end()
    throw error
  }
  return {
    where: `PostgreSQL at ${new URL(url).host}`,
    createQueue: (name) => new Queue(name, { connection: pool }),
    createWorker: (name, process, options) => new Worker(name, process, { ...options, connection: pool }),
    close: () => pool.end(),
  }
}
