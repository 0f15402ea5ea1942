/** API keys, projects, and what every list and create share. */
import { z } from 'zod'
import { keyId, projectId } from './ids.js'

/** `instance` makes and lists projects; only the first key has it. */
export const scopes = ['read', 'write', 'keys', 'instance'] as const
export const scope = z.enum(scopes)
export type Scope = z.infer<typeof scope>

export const apiKeySummary = z.object({
  id: keyId,
  name: z.string(),
  prefix: z.string(), // the first characters of the key, to tell keys apart
  scopes: z.array(scope),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
})
export const project = z.object({ id: projectId, name: z.string(), createdAt: z.iso.datetime() })

/** What a user calls a thing: control characters would spoil terminals, and PostgreSQL keeps neither zeros nor halves of surrogate pairs. */
export const givenName = (longest = 100) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must have no control characters')

/** A page of a list: pass `nextCursor` back as `cursor`; null: the end. Newest first. */
export const pageRequest = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(200).default(50),
})
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

/** Sent with every create, as the header `idempotency-key`: the same key and body give the same answer. Kept for a day. */
export const idempotencyKey = z
  .string()
  .min(8)
  .max(200)
  .regex(/^[\x21-\x7e]+$/)

/** What an error looks like on the wire, beside tRPC's own fields. */
export const wireError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
  status: z.int(),
  requestId: z.string(),
  issues: z.array(z.object({ path: z.string(), code: z.string(), message: z.string(), fix: z.string().optional() })),
})
export type WireError = z.infer<typeof wireError>
