import { cancelMode, Failure, jobId, type Job } from '@imclr/contract'
import { cancelQueued, requestCancel } from '@imclr/database'
import { leftoversOfQueued } from '@imclr/storage'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { getJob } from './getJob.js'

export const cancelJobRequest = z.strictObject({ jobId, mode: cancelMode.default('graceful') })

/**
 * Asks that a job end. One that waits is canceled at once (unless it has a checkpoint to evaluate and keep); one that runs is canceled when its process is gone, and the
 * answer says `cancelRequested` until then. Asking again changes nothing, but `now` after `graceful` hurries it; a job
 * that has ended is answered as it is.
 */
export async function cancelJob(call: Call, { jobId, mode }: z.output<typeof cancelJobRequest>): Promise<Job> {
  const {
    database,
    caller: { projectId },
  } = call
  const row = await database.transaction((tx) => requestCancel(tx, { projectId, jobId, mode }))
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  if (row.state === 'queued') await cancelQueued(database, jobId, leftoversOfQueued)
  return getJob(call, { jobId })
}
