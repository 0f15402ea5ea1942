import { setTimeout as delay } from 'node:timers/promises'
import { queueEntry } from '@imclr/contract'
import type { Backend } from './backend/backend.js'
import type { Handler, QueueWorker } from './jobQueue.js'

/**
 * An entry is delivered again however often its worker is lost: the scheduler decides when a job has been tried enough.
 */
const maxStalledCount = 1_000_000

interface WorkerOptions {
  /** Of the queue. */
  name: string
  concurrency: number
  lockDurationMs: number
  stalledIntervalMs: number
  onError: (error: Error) => void
}

export async function startWorker(backend: Backend, handler: Handler, options: WorkerOptions): Promise<QueueWorker> {
  const worker = backend.createWorker(
    options.name,
    async (job, _token, signal) => {
      await handler(queueEntry.parse(job.data), signal ?? new AbortController().signal)
    },
    {
      concurrency: options.concurrency,
      lockDuration: options.lockDurationMs,
      stalledInterval: options.stalledIntervalMs,
      maxStalledCount,
    },
  )
  worker.on('error', options.onError)
  worker.on('failed', (_job, error) => options.onError(error))
  // BullMQ only reports it; without a cancel, the work would go on beside that of the entry's new worker.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'lock lost')
  })
  await worker.waitUntilReady()

  return {
    async close({ graceMs }) {
      const closed = worker.close()
      if (await within(closed, graceMs)) return
      worker.cancelAllJobs('closing')
      // A handler that ignores its signal, or a queue that does not answer, is left behind: its entries count as
      // stalled once this process is gone, and are delivered again.
      await within(closed, graceMs)
    },
  }
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), delay(ms, false, { ref: false })])
}
