import { Failure, type trainRequest, type TrainJob } from '@imclr/contract'
import { holdVersion } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { enqueue } from './enqueue.js'
import { insertTraining } from './insertTraining.js'
import { shownTrainJob } from './shownJob.js'

/**
 * Asks for a training. The answer has the resolved spec, the limits, an estimate and the place in the queue.
 * Throws Failure NOT_FOUND (version, reference model) and BAD_INPUT where the spec does not fit the data.
 */
export async function submitJob(call: Call, input: z.output<typeof trainRequest>): Promise<TrainJob> {
  const {
    caller: { projectId },
  } = call
  const { versionId, name } = input
  const job = await idempotent(call, input, async (tx) => {
    const version = await holdVersion(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    return shownTrainJob(tx, await insertTraining(tx, call, { version, spec: input.spec, name: name ?? null }))
  })
  await enqueue(call, job)
  return job
}
