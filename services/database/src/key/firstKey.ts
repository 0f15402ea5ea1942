import { sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { apiKey } from '../schema.js'

export async function anyKeyExists(queries: Queries): Promise<boolean> {
  return (await queries.select({ id: apiKey.id }).from(apiKey).limit(1)).length > 0
}

/** Any number that nobody else uses. */
const firstStartLock = 4_700_181_206

/** Until the transaction ends, others that want to make the first key wait. */
export async function lockFirstStart(tx: Queries): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${firstStartLock})`)
}
