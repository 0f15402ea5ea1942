import type { JobKind } from '@imclr/contract'
import type { Call } from '../request/context.js'

/**
 * Puts a recorded job into the queue. The record is what counts: where the queue does not answer, the scheduler finds
 * the job when it reconciles, so the request that made it does not fail.
 */
export async function enqueue(
  { queue, log, requestId }: Pick<Call, 'queue' | 'log' | 'requestId'>,
  { id: jobId, kind }: { id: string; kind: JobKind },
): Promise<void> {
  try {
    await queue.enqueue({ jobId, entry: 0 }, { kind, attempt: 0 })
  } catch (error) {
    log.warn({ err: error, jobId, requestId }, 'job recorded but not queued; the scheduler will')
  }
}
