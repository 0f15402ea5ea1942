import { artifactPaths, modelId } from '@imclr/contract'
import { z } from 'zod'
import { addressOf } from '../request/addressOf.js'
import type { Call } from '../request/context.js'
import { makeModelToken } from './modelToken.js'
import { ownModel } from './shownModel.js'

const day = 86_400
export const modelUrlRequest = z.strictObject({
  modelId,
  expiresInSeconds: z
    .int()
    .min(60)
    .max(365 * day)
    .default(7 * day),
})
export const modelAddress = z.object({
  url: z.string(), // of model.json: tfjs keeps its query when it fetches the weights
  base: z.string(), // of all files: base + path + '?token=' + token
  token: z.string().nullable(), // null: the model is public
  expiresAt: z.iso.datetime().nullable(),
})

/** An address that opens the model without an API key: for ever where it is public, else until the token expires. */
export async function modelUrl(
  call: Call,
  { modelId, expiresInSeconds }: z.output<typeof modelUrlRequest>,
): Promise<z.infer<typeof modelAddress>> {
  const model = await ownModel(call, modelId)
  const base = addressOf(call, `/v1/models/${modelId}/`)
  if (model.public) return { url: base + artifactPaths.model, base, token: null, expiresAt: null }
  const expires = Math.floor(call.clock().getTime() / 1000) + expiresInSeconds
  const token = makeModelToken(call.config.signingKey, modelId, expires)
  return {
    url: `${base}${artifactPaths.model}?token=${token}`,
    base,
    token,
    expiresAt: new Date(expires * 1000).toISOString(),
  }
}
