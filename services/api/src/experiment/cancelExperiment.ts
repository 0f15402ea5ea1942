import type { Experiment } from '@imclr/contract'
import { listRuns, sharedRuns } from '@imclr/database'
import { cancelJob } from '../job/cancelJob.js'
import type { Call } from '../request/context.js'
import { getExperiment } from './getExperiment.js'
import { fateOf, ownExperiment } from './shownExperiment.js'

/**
 * Cancels the runs that have not ended, at once and without keeping their models: half a run is no result. Those that
 * another experiment has too go on. Creating the experiment again submits what was canceled.
 */
export async function cancelExperiment(call: Call, { experimentId }: { experimentId: string }): Promise<Experiment> {
  const { queries } = call.database
  await ownExperiment(call, experimentId)
  const jobIds = (await listRuns(queries, experimentId))
    .filter((run) => fateOf(run).kind === 'unfinished')
    .map(({ jobId }) => jobId)
  const shared = await sharedRuns(queries, { experimentId, jobIds })
  // The last ones first, so that none of them starts meanwhile.
  for (const jobId of jobIds.filter((id) => !shared.has(id)).reverse()) await cancelJob(call, { jobId, mode: 'now' })
  return getExperiment(call, { experimentId })
}
