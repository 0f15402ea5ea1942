import type { JobKind, Lane } from '@imclr/contract'

/** What lies in the queue: a job's id, and as `entry` how often the job was queued, so that it can be queued again. */
export interface QueueEntry {
  jobId: string
  entry: number
}

export interface Delivery extends QueueEntry {
  /** How often a worker lost this entry before (it died, or could not renew its lock). */
  lost: number
}

/**
 * Does the work of one entry. The signal aborts when the lock is lost (`signal.reason` is 'lock lost': another worker may
 * have the entry by now) or the worker closes ('closing'). Whether it resolves or rejects, the entry is gone afterwards:
 * trying again is the scheduler's business, which queues the job anew.
 */
export type Handler = (delivery: Delivery, signal: AbortSignal) => Promise<void>

export interface QueueWorker {
  /** Takes no further entries, waits `graceMs` for those at work, then aborts their signals and waits for them once more as long. */
  close(options: { graceMs: number }): Promise<void>
}

/** A queue of job ids. It may lose all it holds: the database is the truth, and the scheduler queues from it again. */
export interface JobQueue {
  /**
   * Queues an entry in the lane of its job's kind, behind those of the same turn. One that waits or is at work already is
   * not queued twice. Throws Failure UNAVAILABLE (queue it later: nothing is lost).
   * @param job its kind and how many attempts it had @default a training that has not begun
   */
  enqueue(entry: QueueEntry, job?: { kind: JobKind; attempt: number }): Promise<void>
  /** Takes an entry out of its lane where it still waits; one at work stays there. Throws Failure UNAVAILABLE. */
  remove(entry: QueueEntry, lane?: Lane): Promise<void>
  /** Calls `handler` for every entry of one lane, at most `concurrency` at a time. @param options.lane @default 'device' */
  work(handler: Handler, options: { concurrency: number; lane?: Lane }): Promise<QueueWorker>
  /** Throws Failure UNAVAILABLE where the queue does not answer within 5 s. */
  check(): Promise<void>
  /** After its workers. */
  close(): Promise<void>
}
