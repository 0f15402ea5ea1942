import { createHmac, timingSafeEqual } from 'node:crypto'

/** Opens one model until `expires` (seconds since 1970) and nothing else: `<expires>.<HMAC-SHA256 over model id and expires>`. */
export function makeModelToken(signingKey: Uint8Array, modelId: string, expires: number): string {
  return `${expires}.${proof(signingKey, modelId, expires).toString('base64url')}`
}

export function isModelToken(
  token: string,
  { signingKey, modelId, now }: { signingKey: Uint8Array; modelId: string; now: Date },
): boolean {
  const [, expires, given] = /^(\d{1,12})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  if (expires === undefined || given === undefined) return false
  const right = proof(signingKey, modelId, Number(expires))
  return timingSafeEqual(Buffer.from(given, 'base64url'), right) && Number(expires) * 1000 > now.getTime()
}

function proof(signingKey: Uint8Array, modelId: string, expires: number): Buffer {
  return createHmac('sha256', signingKey).update(`model\n${modelId}\n${expires}`).digest()
}
