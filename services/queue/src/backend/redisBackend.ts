import { createRedisBackend, withBackend } from 'bullmq'
import { Redis } from 'ioredis'
import type { Backend } from './backend.js'

const prefix = 'imclr'
const { Queue, Worker } = withBackend(createRedisBackend)

/** Redis or Valkey, with `maxmemory-policy noeviction`. Connections come back by themselves. */
export function redisBackend(url: string): Backend {
  const connections: Redis[] = []
  const connect = (options: { maxRetriesPerRequest: number | null }): Redis => {
    const connection = new Redis(url, {
      ...options,
      connectTimeout: 5_000,
      retryStrategy: (times) => Math.min(100 * 2 ** times, 5_000),
    })
    connection.on('error', () => {}) // BullMQ tells of them as its own
    connections.push(connection)
    return connection
  }
  return {
    where: `Redis at ${new URL(url).host}`,
    createQueue: (name) => new Queue(name, { connection: connect({ maxRetriesPerRequest: 1 }), prefix }),
    // BullMQ blocks on a connection for as long as there is nothing to do.
    createWorker: (name, process, options) =>
      new Worker(name, process, { ...options, connection: connect({ maxRetriesPerRequest: null }), prefix }),
    async close() {
      for (const connection of connections) connection.disconnect()
    },
  }
}
