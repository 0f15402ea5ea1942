import { setTimeout as delay } from 'node:timers/promises'
import type { Backend } from './backend/backend.js'
import type { Handler, QueueWorker } from './jobQueue.js'

/** An entry is delivered again however often its worker is lost: when a job has been tried enough is the scheduler's to say. */
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
      await handler(
        { jobId: job.data.jobId, entry: job.data.entry, lost: job.stalledCounter },
        signal ?? new AbortController().signal,
      )
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
  // BullMQ only tells; the work would go on beside that of the worker which has the entry now.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'lock lost')
  })
  await worker.waitUntilReady()

  return {
    async close({ graceMs }) {
      const closed = worker.close()
      if (await within(closed, graceMs)) return
      worker.cancelAllJobs('closing')
      // What does not heed its signal by then, or a queue that does not answer, is left behind: its entries are found
      // stalled once this process is gone, and are delivered again.
      await within(closed, graceMs)
    },
  }
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  return Promise.race([work.then(() => true), delay(ms, false, { ref: false })])
}
