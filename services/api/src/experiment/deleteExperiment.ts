import { experimentId, Failure } from '@imclr/contract'
import { deleteExperiment as removeExperiment, listRuns, lockExperiment, sharedRuns } from '@imclr/database'
import { z } from 'zod'
import { deleteJob } from '../job/deleteJob.js'
import { deleteModel } from '../model/deleteModel.js'
import type { Call } from '../request/context.js'
import { fateOf, noExperiment } from './shownExperiment.js'

export const deleteExperimentRequest = z.strictObject({
  experimentId,
  runs: z.enum(['keep', 'delete']).default('keep'), // jobs and models of its runs; those that another experiment has are kept
})
export const deletedExperiment = z.object({ experimentId })

/** Forgets an experiment and its stored results. Throws Failure CONFLICT while runs of its own have not ended. */
export async function deleteExperiment(call: Call, { experimentId, runs: also }: z.output<typeof deleteExperimentRequest>): Promise<z.infer<typeof deletedExperiment>> {
  const own = await call.database.transaction(async (tx) => {
    const row = await lockExperiment(tx, { projectId: call.caller.projectId, experimentId })
    if (row === undefined) throw noExperiment(experimentId)
    const runs = await listRuns(tx, experimentId)
    const shared = await sharedRuns(tx, { experimentId, jobIds: runs.map(({ jobId }) => jobId) })
    const mine = runs.filter(({ jobId }) => !shared.has(jobId))
    const unfinished = mine.filter((run) => fateOf(run).kind === 'unfinished').length
    if (unfinished > 0) throw new Failure('CONFLICT', `${unfinished} runs of experiment ${experimentId} have not ended; cancel it first`)
    await removeExperiment(tx, experimentId)
    return mine
  })
  if (also === 'delete') {
    for (const { jobId, job, model } of own) {
      if (model !== null) await deleteModel(call, { modelId: model.id })
      if (job !== null) await deleteJob(call, { jobId })
    }
  }
  return { experimentId }
}
