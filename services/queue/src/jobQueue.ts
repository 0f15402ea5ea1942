import type { JobKind, QueueEntry, QueueName } from '@imclr/contract'

/**
 * Does the work of one entry. The signal aborts when the lock is lost (`signal.reason` is 'lock lost': another worker
 * may have the entry by now) or when the worker closes ('closing'). The entry is gone when the handler resolves or
 * rejects: the scheduler decides about another attempt and queues the job anew.
 */
export type Handler = (entry: QueueEntry, signal: AbortSignal) => Promise<void>

export interface QueueWorker {
  /**
   * Takes no further entries, waits `graceMs` for those at work, then aborts their signals and waits once more as long.
   */
  close(options: { graceMs: number }): Promise<void>
}

/**
 * The queues of job ids. They may lose all they hold: the database is the truth, and the scheduler queues from it
 * again.
 */
export interface JobQueue {
  /**
   * Adds an entry to the queue of the job's kind, behind those of the same priority. An entry that waits or is at work
   * already is not added twice. Throws Failure UNAVAILABLE; the scheduler queues the job later then.
   * @param job `attempt`: how many attempts the job had
   */
  enqueue(entry: QueueEntry, job: { kind: JobKind; attempt: number }): Promise<void>
  /** Takes a waiting entry out of its queue; one at work stays. Throws Failure UNAVAILABLE. */
  remove(entry: QueueEntry, queue: QueueName): Promise<void>
  /** Calls `handler` for every entry of one queue, at most `concurrency` at a time. */
  work(handler: Handler, options: { queue: QueueName; concurrency: number }): Promise<QueueWorker>
  /** Throws Failure UNAVAILABLE where the queue does not answer within 5 s. */
  check(): Promise<void>
  /** Close the workers first. */
  close(): Promise<void>
}
