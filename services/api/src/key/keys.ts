import { apiKeySummary, Failure, givenName, makeId, scope, type Scope } from '@imclr/contract'
import { insertKey, revokeKey as endKey, type KeyRow, type Queries } from '@imclr/database'
import { z } from 'zod'
import type { ApiDependencies } from '../dependencies.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { makeSecret, storedForm } from './secret.js'

export function toKey(row: KeyRow): z.infer<typeof apiKeySummary> {
  const { id, name, prefix, scopes } = row
  const time = (date: Date | null): string | null => date?.toISOString() ?? null
  return {
    id,
    name,
    prefix,
    scopes,
    createdAt: row.createdAt.toISOString(),
    expiresAt: time(row.expiresAt),
    lastUsedAt: time(row.lastUsedAt),
    revokedAt: time(row.revokedAt),
  }
}

export const createKeyRequest = z.strictObject({
  name: givenName(),
  scopes: z.array(scope).min(1).max(10).default(['read', 'write']),
  expiresInDays: z.int().min(1).max(3650).nullable().default(null), // null: never
})

/** Only this answer has the `secret`. */
export const newKey = z.object({ key: apiKeySummary, secret: z.string() })

/**
 * Creates a key of the caller's project. Throws Failure FORBIDDEN where it would have a scope that the caller lacks.
 */
export async function createKey(call: Call, input: z.output<typeof createKeyRequest>): Promise<z.infer<typeof newKey>> {
  const excess = input.scopes.filter((wanted) => !call.caller.scopes.includes(wanted))
  if (excess.length > 0)
    throw new Failure(
      'FORBIDDEN',
      `A key cannot give the scopes ${excess.map((name) => `'${name}'`).join(', ')}, which it does not have itself`,
    )
  const expiresAt =
    input.expiresInDays === null ? null : new Date(call.clock().getTime() + input.expiresInDays * 86_400_000)
  return idempotent(call, input, (tx) =>
    insertNewKey(tx, call, { projectId: call.caller.projectId, name: input.name, scopes: input.scopes, expiresAt }),
  )
}

interface NewKey {
  projectId: string
  name: string
  scopes: Scope[]
  expiresAt: Date | null
}

/** Inserts a key with a new secret. */
export async function insertNewKey(
  tx: Queries,
  { random, clock }: Pick<ApiDependencies, 'random' | 'clock'>,
  key: NewKey,
): Promise<z.infer<typeof newKey>> {
  const secret = makeSecret(random(32))
  const row = await insertKey(tx, {
    id: makeId('key', random(20)),
    ...key,
    scopes: [...new Set(key.scopes)],
    ...storedForm(secret),
    createdAt: clock(),
  })
  return { key: toKey(row), secret }
}

/**
 * Revokes a key for good. Revoking it again changes nothing. Throws Failure CONFLICT for the caller's own key, so that
 * nobody locks themselves out.
 */
export async function revokeKey(
  { database, caller, clock }: Call,
  { keyId }: { keyId: string },
): Promise<z.infer<typeof apiKeySummary>> {
  if (keyId === caller.keyId) throw new Failure('CONFLICT', 'A key cannot revoke itself; use another one')
  const row = await endKey(database.queries, { projectId: caller.projectId, keyId, at: clock() })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no API key ${keyId}`)
  return toKey(row)
}
