import { Failure, isFinal, jobId } from '@imclr/contract'
import { deleteJob as removeJob, lockJob, neededOfJob, type Queries } from '@imclr/database'
import { keys } from '@imclr/storage'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { refuseNeeded } from '../request/refuseNeeded.js'

export const deletedJob = z.object({ jobId })

/**
 * Forgets a job that has ended, with its events, checkpoints and files. Throws Failure CONFLICT where it has not ended,
 * IN_USE where its model or version is there (their files are the job's), or where it is a run of an experiment.
 */
export async function deleteJob(call: Call, input: { jobId: string }): Promise<z.infer<typeof deletedJob>> {
  return idempotent(call, input, async (tx) => {
    await forgetJob(tx, { projectId: call.caller.projectId, ...input })
    return input
  })
}

/** The same, in a transaction that does more. */
export async function forgetJob(
  tx: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<void> {
  const job = await lockJob(tx, { projectId, jobId })
  if (job === undefined) throw new Failure('NOT_FOUND', `There is no job ${jobId}`)
  if (!isFinal(job.state)) throw new Failure('CONFLICT', `Job ${jobId} is ${job.state}; cancel it first`)
  const prefix = keys.job(projectId, jobId)
  refuseNeeded(`Job ${jobId}`, await neededOfJob(tx, { projectId, jobId, prefix }))
  await removeJob(tx, {
    jobId,
    prefixes: [prefix, ...(job.uploadId === null ? [] : [keys.uploadPrefix(projectId, job.uploadId)])],
  })
}
