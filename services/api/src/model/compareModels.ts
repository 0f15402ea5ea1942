import { artifactPaths, comparison, Failure, modelId, modelSummary } from '@imclr/contract'
import type { ModelRow } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { recordedObject } from '../request/recordedObject.js'
import { compareInWorker } from './compareInWorker.js'
import { inTurn } from './inTurn.js'
import { ownModel, shownModel } from './shownModel.js'

export const compareModelsRequest = z.strictObject({ a: modelId, b: modelId })
export const comparedModels = z.object({ a: modelSummary, b: modelSummary, ...comparison.shape })

/**
 * Compares two models on the test images of the version that both were trained on, image by image. Differences are `b`
 * minus `a`. Throws Failure CONFLICT where they are of different versions.
 */
export async function compareModels(call: Call, input: z.output<typeof compareModelsRequest>): Promise<z.infer<typeof comparedModels>> {
  const [a, b] = await Promise.all([ownModel(call, input.a), ownModel(call, input.b)])
  if (a.versionId !== b.versionId) throw new Failure('CONFLICT', `Models are compared on the same test images; ${a.id} is of ${a.versionId} and ${b.id} of ${b.versionId}`)
  const compared = await oneOfTwo(async () => compareInWorker(...await Promise.all([predictionsOf(call, a), predictionsOf(call, b)])))
  return { a: shownModel(a), b: shownModel(b), ...compared }
}

/** A comparison has a thread and all predictions in memory: however many are asked for, two are at work. */
const oneOfTwo = inTurn(2)

function predictionsOf({ store }: Call, model: ModelRow): Promise<Uint8Array> {
  return recordedObject(store.read(model.prefix + artifactPaths.predictions))
}
