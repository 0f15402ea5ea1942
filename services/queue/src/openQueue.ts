import { setTimeout as delay } from 'node:timers/promises'
import { Failure, priorityOf, queueEntry, queueNames, queueOf, type QueueEntry, type QueueName } from '@imclr/contract'
import type { Backend } from './backend/backend.js'
import { pgliteBackend, type PgliteSession } from './backend/pgliteBackend.js'
import { postgresBackend } from './backend/postgresBackend.js'
import { redisBackend } from './backend/redisBackend.js'
import type { JobQueue } from './jobQueue.js'
import { startWorker } from './startWorker.js'

export interface QueueOptions {
  /** Called, for the log, with errors that pass by themselves (a broken connection) and with those of handlers. */
  onError: (error: Error) => void
  /** How long an entry belongs to a worker that gives no sign of life; a worker renews its lock at half of it. */
  lockDurationMs?: number
  /** How often workers look for entries whose worker was lost. */
  stalledIntervalMs?: number
}

/** `redis://…` (also `rediss://`), `postgres://…`, or the PGlite that the database has open. */
export type QueueConfig = ({ url: string } | { pglite: PgliteSession }) & QueueOptions

const answerWithinMs = 5_000

/**
 * Opens the queue of jobs. Throws Failure UNAVAILABLE where it does not answer, BAD_INPUT for an address of no known
 * kind.
 */
export async function openQueue(config: QueueConfig): Promise<JobQueue> {
  const { onError, lockDurationMs = 60_000, stalledIntervalMs = 30_000 } = config
  const backend = await connect(config)
  const queues = {
    device: backend.createQueue(bullmqNames.device),
    preparation: backend.createQueue(bullmqNames.preparation),
  }
  for (const name of queueNames) queues[name].on('error', onError)

  /** Runs an operation on the queue. A later one may succeed again: connections come back by themselves. */
  async function answered<T>(work: () => Promise<T>): Promise<T> {
    const late = new AbortController()
    try {
      const timeout = delay(answerWithinMs, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no answer within ${answerWithinMs / 1000} s`)
      })
      return await Promise.race([work(), timeout])
    } catch (cause) {
      throw unavailable(backend.where, cause)
    } finally {
      late.abort()
    }
  }

  try {
    await answered(() => Promise.all(queueNames.map((name) => queues[name].waitUntilReady())))
  } catch (error) {
    // May wait for a connection that never comes
    for (const name of queueNames) void queues[name].close().catch(() => {})
    await backend.close()
    throw error
  }

  return {
    async enqueue(entry, job) {
      const data = queueEntry.parse(entry)
      await answered(() =>
        queues[queueOf(job.kind)].add('job', data, {
          jobId: entryId(entry),
          priority: priorityOf(job),
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        }),
      )
    },
    async remove(entry, queue) {
      await answered(() => queues[queue].remove(entryId(entry)))
    },
    work: (handler, { queue, concurrency }) =>
      startWorker(backend, handler, {
        name: bullmqNames[queue],
        concurrency,
        lockDurationMs,
        stalledIntervalMs,
        onError,
      }),
    async check() {
      await answered(() => queues.device.count())
    },
    async close() {
      const closed = Promise.all(queueNames.map((name) => queues[name].close())).then(() => backend.close())
      await Promise.race([closed, delay(answerWithinMs, undefined, { ref: false })])
    },
  }
}

/** BullMQ's name of each queue. */
const bullmqNames = { device: 'jobs', preparation: 'preparations' } as const satisfies Record<QueueName, string>

/** BullMQ's id of an entry: BullMQ keeps one entry of an id, however often it is added. */
const entryId = ({ jobId, entry }: QueueEntry): string => `${jobId}-${entry}`

async function connect(config: QueueConfig): Promise<Backend> {
  if ('pglite' in config) return pgliteBackend(config.pglite)
  const protocol = URL.canParse(config.url) ? new URL(config.url).protocol : ''
  if (protocol === 'redis:' || protocol === 'rediss:') return redisBackend(config.url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    throw new Failure(
      'BAD_INPUT',
      'the address of the queue (QUEUE_URL) must begin with redis://, rediss:// or postgres://',
    )
  try {
    return await postgresBackend(config.url)
  } catch (cause) {
    throw unavailable(`PostgreSQL at ${new URL(config.url).host}`, cause)
  }
}

const unavailable = (where: string, cause: unknown): Failure =>
  new Failure(
    'UNAVAILABLE',
    `the queue (${where}) does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  )
