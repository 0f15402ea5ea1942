import { Failure, modelId, type ModelSummary } from '@imclr/contract'
import { setModelPublic } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { shownModel } from './shownModel.js'

export const setPublicRequest = z.strictObject({ modelId, public: z.boolean() })

/** Opens a model's files to everybody, or closes them again. Copies in caches stay what they are. */
export async function setPublic(
  { database, caller }: Call,
  input: z.output<typeof setPublicRequest>,
): Promise<ModelSummary> {
  const row = await setModelPublic(database.queries, {
    projectId: caller.projectId,
    modelId: input.modelId,
    isPublic: input.public,
  })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no model ${input.modelId}`)
  return shownModel(row)
}
