import { apiKeySummary, Failure, givenName, makeId, scope, type Scope } from '@imclr/contract'
import { insertKey, type Queries } from '@imclr/database'
import { z } from 'zod'
import type { ApiParts } from '../parts.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { makeSecret, storedForm } from './secret.js'
import { shownKey } from './shownKey.js'

export const createKeyRequest = z.strictObject({
  name: givenName(),
  scopes: z.array(scope).min(1).max(10).default(['read', 'write']),
  expiresInDays: z.int().min(1).max(3650).nullable().default(null), // null: never
})

/** `secret` is shown here and never again. */
export const newKey = z.object({ key: apiKeySummary, secret: z.string() })

/** Makes a key of the caller's project. Throws Failure FORBIDDEN where it would have a scope that the caller lacks. */
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
    storeNewKey(tx, call, { projectId: call.caller.projectId, name: input.name, scopes: input.scopes, expiresAt }),
  )
}

export interface KeyToStore {
  projectId: string
  name: string
  scopes: Scope[]
  expiresAt: Date | null
}

/** Draws a secret, stores its form, and gives both. */
export async function storeNewKey(
  tx: Queries,
  { random, clock }: Pick<ApiParts, 'random' | 'clock'>,
  key: KeyToStore,
): Promise<z.infer<typeof newKey>> {
  const secret = makeSecret(random(32))
  const row = await insertKey(tx, {
    id: makeId('key', random(20)),
    ...key,
    scopes: [...new Set(key.scopes)],
    ...storedForm(secret),
    createdAt: clock(),
  })
  return { key: shownKey(row), secret }
}
