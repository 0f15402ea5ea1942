import { setTimeout as delay } from 'node:timers/promises'
import { Failure, queueEntry, type JobKind } from '@imclr/contract'
import type { Backend } from './backend/backend.js'
import { pgliteBackend, type PgliteSession } from './backend/pgliteBackend.js'
import { postgresBackend } from './backend/postgresBackend.js'
import { redisBackend } from './backend/redisBackend.js'
import type { JobQueue, QueueEntry } from './jobQueue.js'
import { startWorker } from './startWorker.js'

export interface QueueOptions {
  /** Told what went wrong and passes by itself (a broken connection), and how handlers failed; for the log. */
  onError: (error: Error) => void
  /** How long an entry belongs to a worker that gives no sign of life; it renews at half of it. */
  lockDurationMs?: number
  /** How often workers look for entries whose worker was lost. */
  stalledIntervalMs?: number
}

/** `redis://…` (also `rediss://`), `postgres://…`, or the PGlite that the database has open. */
export type QueueConfig = ({ url: string } | { pglite: PgliteSession }) & QueueOptions

const answerWithinMs = 5_000

/** Opens the queue of jobs. Throws Failure UNAVAILABLE where it does not answer, BAD_INPUT for an address of no known kind. */
export async function openQueue(config: QueueConfig): Promise<JobQueue> {
  const { onError, lockDurationMs = 60_000, stalledIntervalMs = 30_000 } = config
  const backend = await connect(config)
  const queue = backend.createQueue()
  queue.on('error', onError)

  /** The failure of one attempt is not the end: connections come back by themselves. */
  async function answered<T>(work: () => Promise<T>): Promise<T> {
    const late = new AbortController()
    try {
      const timeout = delay(answerWithinMs, undefined, { signal: late.signal }).then(() => { throw new Error(`no answer within ${answerWithinMs / 1000} s`) })
      return await Promise.race([work(), timeout])
    } catch (cause) {
      throw unavailable(backend.where, cause)
    } finally {
      late.abort()
    }
  }

  try {
    await answered(() => queue.waitUntilReady())
  } catch (error) {
    void queue.close().catch(() => {}) // may wait for a connection that never comes
    await backend.close()
    throw error
  }

  return {
    async enqueue(entry, kind = 'train') {
      const { jobId } = queueEntry.parse({ jobId: entry.jobId })
      await answered(() => queue.add('job', { jobId, entry: entry.entry }, { jobId: entryId(entry), priority: turns[kind], attempts: 1, removeOnComplete: true, removeOnFail: true }))
    },
    async remove(entry) {
      await answered(() => queue.remove(entryId(entry)))
    },
    work: (handler, { concurrency }) => startWorker(backend, handler, { concurrency, lockDurationMs, stalledIntervalMs, onError }),
    async check() {
      await answered(() => queue.count())
    },
    async close() {
      const closed = queue.close().then(() => backend.close())
      await Promise.race([closed, delay(answerWithinMs, undefined, { ref: false })])
    },
  }
}

/** Who is served first, in BullMQ's numbers: somebody waits for an upload, an evaluation is short, and trainings can be many. */
const turns: Readonly<Record<JobKind, number>> = { prepare: 1, evaluate: 2, train: 3 }

/** BullMQ's id of an entry: what makes queueing it twice once. */
const entryId = ({ jobId, entry }: QueueEntry): string => `${jobId}-${entry}`

async function connect(config: QueueConfig): Promise<Backend> {
  if ('pglite' in config) return pgliteBackend(config.pglite)
  const protocol = URL.canParse(config.url) ? new URL(config.url).protocol : ''
  if (protocol === 'redis:' || protocol === 'rediss:') return redisBackend(config.url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw new Failure('BAD_INPUT', 'the address of the queue (QUEUE_URL) must begin with redis://, rediss:// or postgres://')
  try {
    return await postgresBackend(config.url)
  } catch (cause) {
    throw unavailable(`PostgreSQL at ${new URL(config.url).host}`, cause)
  }
}

const unavailable = (where: string, cause: unknown): Failure =>
  new Failure('UNAVAILABLE', `the queue (${where}) does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
