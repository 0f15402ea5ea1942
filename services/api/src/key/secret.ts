import { createHash, timingSafeEqual } from 'node:crypto'

const shape = /^imclr_[A-Za-z0-9_-]{43}$/
const prefixLength = 'imclr_'.length + 8

/** Makes a key of 32 random bytes. */
export function makeSecret(random: Uint8Array): string {
  if (random.length !== 32) throw new RangeError(`an API key needs 32 random bytes, got ${random.length}`)
  return `imclr_${Buffer.from(random).toString('base64url')}`
}

export const isSecret = (text: string): boolean => shape.test(text)

/**
 * What is stored of a key: its first characters find it, and its SHA-256 verifies it (256 random bits need no slow
 * hash).
 */
export function storedForm(secret: string): { prefix: string; sha256: string } {
  return { prefix: secret.slice(0, prefixLength), sha256: createHash('sha256').update(secret).digest('hex') }
}

export function matchesSecret(secret: string, sha256: string): boolean {
  const given = createHash('sha256').update(secret).digest()
  const stored = Buffer.from(sha256, 'hex')
  return stored.length === given.length && timingSafeEqual(given, stored)
}
