import { Failure, makeId, type trainRequest, type TrainJob } from '@imclr/contract'
import { holdModel, holdVersion, insertJob, measuredSpeed } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { checkSpec, fitSpec } from './checkSpec.js'
import { enqueue } from './enqueue.js'
import { estimateJob } from './estimateJob.js'
import { shownTrainJob } from './shownJob.js'

/**
 * Asks for a training. The answer has the resolved spec, the limits, an estimate and the place in the queue.
 * Throws Failure NOT_FOUND (version, reference model) and BAD_INPUT where the spec does not fit the data.
 */
export async function submitJob(call: Call, input: z.output<typeof trainRequest>): Promise<TrainJob> {
  const { caller: { projectId }, clock, random } = call
  const { versionId, name } = input
  const job = await idempotent(call, input, async (tx) => {
    const version = await holdVersion(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    const spec = fitSpec(input.spec, version.summary)
    const { referenceModelId } = spec.evaluation
    const reference = referenceModelId === null ? undefined : await holdModel(tx, { projectId, modelId: referenceModelId })
    if (referenceModelId !== null && reference === undefined) throw new Failure('NOT_FOUND', `There is no model ${referenceModelId} to be the reference`)
    const issues = checkSpec(spec, version.summary, reference?.manifest ?? null)
    if (issues.length > 0) throw new Failure('BAD_INPUT', `The spec does not fit version ${versionId}: ${issues.map(({ message }) => message).join('; ')}`, { issues })

    const createdAt = clock()
    return shownTrainJob(tx, await insertJob(tx, {
      id: makeId('job', random(20)), projectId, kind: 'train', name: name ?? null, datasetId: version.datasetId, versionId, spec, limits: spec.limits,
      estimate: estimateJob(spec, version.summary, await measuredSpeed(tx, spec)), createdAt, queuedAt: createdAt,
    }))
  })
  await enqueue(call, job.id)
  return job
}
