import type { QueueEntry } from '@imclr/contract'
import type { Job } from 'bullmq'

/** The part that depends on where BullMQ keeps its queues: in PGlite, PostgreSQL or Redis. */
export interface Backend {
  /** The place, for messages: 'Redis at host:6379'. */
  where: string
  createQueue(name: string): BackendQueue
  createWorker(name: string, process: Process, options: BackendWorkerOptions): BackendWorker
  close(): Promise<void>
}

/** BullMQ looks at the number of parameters: with three it gives a signal. */
type Process = (job: Job<unknown>, token: string | undefined, signal: AbortSignal | undefined) => Promise<void>

interface BackendWorkerOptions {
  concurrency: number
  lockDuration: number
  stalledInterval: number
  maxStalledCount: number
}

/** The part of BullMQ's Queue that we use, whatever its backend. */
interface BackendQueue {
  add(
    name: string,
    data: QueueEntry,
    options: { jobId: string; priority: number; attempts: number; removeOnComplete: boolean; removeOnFail: boolean },
  ): Promise<unknown>
  remove(jobId: string): Promise<number>
  count(): Promise<number>
  waitUntilReady(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

/** The part of BullMQ's Worker that we use. */
interface BackendWorker {
  waitUntilReady(): Promise<unknown>
  cancelJob(jobId: string, reason: string): boolean
  cancelAllJobs(reason: string): void
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: unknown, error: Error) => void): unknown
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown
  close(force?: boolean): Promise<void>
}
