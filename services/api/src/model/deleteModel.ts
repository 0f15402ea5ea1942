import { Failure, modelId } from '@imclr/contract'
import { deleteModel as removeModel, lockModel, neededOfModel, type Queries } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { refuseNeeded } from '../request/refuseNeeded.js'

export const deletedModel = z.object({ modelId })

/** Deletes a model with its files. Throws Failure IN_USE where a job that has not ended evaluates it or is measured against it, or an experiment has not kept its results. */
export async function deleteModel(call: Call, input: { modelId: string }): Promise<z.infer<typeof deletedModel>> {
  return idempotent(call, input, async (tx) => {
    await forgetModel(tx, { projectId: call.caller.projectId, ...input })
    return input
  })
}

/** The same, in a transaction that does more. */
export async function forgetModel(
  tx: Queries,
  { projectId, modelId }: { projectId: string; modelId: string },
): Promise<void> {
  const model = await lockModel(tx, { projectId, modelId })
  if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
  refuseNeeded(`Model ${modelId}`, await neededOfModel(tx, model))
  await removeModel(tx, model)
}
