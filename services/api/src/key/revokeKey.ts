import { Failure, type apiKeySummary } from '@imclr/contract'
import { revokeKey as endKey } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { shownKey } from './shownKey.js'

/** Ends a key, now and for good; doing it again changes nothing. Throws Failure CONFLICT for the key that asks: nobody locks themselves out. */
export async function revokeKey(
  { database, caller, clock }: Call,
  { keyId }: { keyId: string },
): Promise<z.infer<typeof apiKeySummary>> {
  if (keyId === caller.keyId) throw new Failure('CONFLICT', 'A key cannot revoke itself; use another one')
  const row = await endKey(database.queries, { projectId: caller.projectId, keyId, at: clock() })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no API key ${keyId}`)
  return shownKey(row)
}
