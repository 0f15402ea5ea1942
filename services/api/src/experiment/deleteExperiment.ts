import { experimentId, Failure } from '@imclr/contract'
import { deleteExperiment as removeExperiment, listRuns, lockExperiment, sharedRuns } from '@imclr/database'
import { z } from 'zod'
import { forgetJob } from '../job/deleteJob.js'
import { forgetModel } from '../model/deleteModel.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { fateOf, noExperiment } from './shownExperiment.js'

export const deleteExperimentRequest = z.strictObject({
  experimentId,
  runs: z.enum(['keep', 'delete']).default('keep'), // jobs and models of its runs; those that another experiment has are kept
})
export const deletedExperiment = z.object({ experimentId })

/**
 * Forgets an experiment and its stored results; where asked for, with jobs and models of its own runs, all or nothing. Throws Failure
 * CONFLICT while runs of its own have not ended, and IN_USE where something else needs a model that is to go too.
 */
export async function deleteExperiment(
  call: Call,
  input: z.output<typeof deleteExperimentRequest>,
): Promise<z.infer<typeof deletedExperiment>> {
  const {
    caller: { projectId },
  } = call
  const { experimentId } = input
  return idempotent(call, input, async (tx) => {
    const row = await lockExperiment(tx, { projectId, experimentId })
    if (row === undefined) throw noExperiment(experimentId)
    const runs = await listRuns(tx, experimentId)
    const shared = await sharedRuns(tx, { experimentId, jobIds: runs.map(({ jobId }) => jobId) })
    const mine = runs.filter(({ jobId }) => !shared.has(jobId))
    const unfinished = mine.filter((run) => fateOf(run).kind === 'unfinished').length
    if (unfinished > 0)
      throw new Failure('CONFLICT', `${unfinished} runs of experiment ${experimentId} have not ended; cancel it first`)
    await removeExperiment(tx, experimentId)
    if (input.runs === 'keep') return { experimentId }
    for (const { jobId, job, model } of mine) {
      if (model !== null) await forgetModel(tx, { projectId, modelId: model.id })
      if (job !== null) await forgetJob(tx, { projectId, jobId })
    }
    return { experimentId }
  })
}
