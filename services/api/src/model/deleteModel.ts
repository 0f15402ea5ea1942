import { Failure, modelId } from '@imclr/contract'
import { deleteModel as removeModel, lockModel, neededOfModel } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'

export const deletedModel = z.object({ modelId })

/** Deletes a model with its files. Throws Failure IN_USE where a job that has not ended evaluates it or is measured against it, or an experiment has not kept its results. */
export async function deleteModel({ database, caller: { projectId } }: Call, { modelId }: { modelId: string }): Promise<z.infer<typeof deletedModel>> {
  await database.transaction(async (tx) => {
    const model = await lockModel(tx, { projectId, modelId })
    if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
    const issues = await neededOfModel(tx, model)
    if (issues.length > 0) throw new Failure('IN_USE', `Model ${modelId} is needed by ${issues.map(({ path }) => path).join(', ')}`, { issues })
    await removeModel(tx, model)
  })
  return { modelId }
}
