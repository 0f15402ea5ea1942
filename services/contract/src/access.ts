/** API keys and projects, and the fields that all lists and creates share. */
import { z } from 'zod'
import { keyId, projectId } from './ids.js'

/** A key with the scope `instance` can make and list projects. Only the first key has this scope. */
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

/**
 * A name that a user gives to a thing. Control characters would spoil terminals, and PostgreSQL stores neither zero
 * characters nor halves of surrogate pairs.
 */
export const givenName = (longest = 100) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must have no control characters')

/** A page of a list, newest first. Pass `nextCursor` back as `cursor` to get the next page; null means the end. */
export const pageRequest = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(200).default(50),
})
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

/**
 * The client sends this key with every create, as the header `idempotency-key`. The same key and body give the same
 * answer. The service keeps a key for a day.
 */
export const idempotencyKey = z
  .string()
  .min(8)
  .max(200)
  .regex(/^[\x21-\x7e]+$/)

/** The fields of an error on the wire, beside tRPC's own fields. */
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
