import type { ModelSummary } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownModel, shownModel } from './shownModel.js'

export async function getModel(call: Call, { modelId }: { modelId: string }): Promise<ModelSummary> {
  return shownModel(await ownModel(call, modelId))
}
