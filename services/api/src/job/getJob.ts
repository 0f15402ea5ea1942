import type { Job } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownJob, shownJob } from './shownJob.js'

export async function getJob(call: Call, { jobId }: { jobId: string }): Promise<Job> {
  return shownJob(call.database.queries, await ownJob(call, jobId))
}
