import { createHmac, timingSafeEqual } from 'node:crypto'
import { artifactPaths, modelId } from '@imclr/contract'
import { z } from 'zod'
import { addressOf, type Call } from '../request/context.js'
import { requireModel } from './models.js'

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
  url: z.string(), // of model.json; TensorFlow.js keeps the query when it loads the weights
  base: z.string(), // of all files: base + path + '?token=' + token
  token: z.string().nullable(), // null: the model is public
  expiresAt: z.iso.datetime().nullable(),
})

/** A URL that opens the model without an API key: for ever where the model is public, or until the token expires. */
export async function modelUrl(
  call: Call,
  { modelId, expiresInSeconds }: z.output<typeof modelUrlRequest>,
): Promise<z.infer<typeof modelAddress>> {
  const model = await requireModel(call, modelId)
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

/**
 * A token that opens one model until `expires` (seconds since 1970): `<expires>.<HMAC-SHA256 of model id and expires>`.
 */
function makeModelToken(signingKey: Uint8Array, modelId: string, expires: number): string {
  return `${expires}.${signature(signingKey, modelId, expires).toString('base64url')}`
}

export function isModelToken(
  token: string,
  { signingKey, modelId, now }: { signingKey: Uint8Array; modelId: string; now: Date },
): boolean {
  const [, expires, given] = /^(\d{1,12})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  if (expires === undefined || given === undefined) return false
  const expected = signature(signingKey, modelId, Number(expires))
  return timingSafeEqual(Buffer.from(given, 'base64url'), expected) && Number(expires) * 1000 > now.getTime()
}

function signature(signingKey: Uint8Array, modelId: string, expires: number): Buffer {
  return createHmac('sha256', signingKey).update(`model\n${modelId}\n${expires}`).digest()
}
