import { asc, eq, lte, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { collect } from '../schema.js'

/**
 * Marks every object below these prefixes for deletion: the sweep deletes them from the store once the transaction has
 * committed.
 */
export async function collectPrefixes(tx: Queries, prefixes: string[]): Promise<void> {
  if (prefixes.length === 0) return
  await tx
    .insert(collect)
    .values(prefixes.map((prefix) => ({ prefix })))
    .onConflictDoNothing()
}

/** Prefixes whose objects are due to be deleted, the longest waiting first. */
export async function listCollectable(
  queries: Queries,
  { now, limit }: { now: Date; limit: number },
): Promise<string[]> {
  const rows = await queries
    .select({ prefix: collect.prefix })
    .from(collect)
    .where(lte(collect.dueAt, now))
    .orderBy(asc(collect.dueAt))
    .limit(limit)
  return rows.map(({ prefix }) => prefix)
}

/** The objects below the prefix have been deleted. */
export async function deleteCollected(queries: Queries, prefix: string): Promise<void> {
  await queries.delete(collect).where(eq(collect.prefix, prefix))
}

/** The objects could not be deleted (`error`); the sweep tries again at `dueAt`. */
export async function postponeCollection(
  queries: Queries,
  { prefix, error, dueAt }: { prefix: string; error: string; dueAt: Date },
): Promise<void> {
  await queries
    .update(collect)
    .set({ attempts: sql`${collect.attempts} + 1`, error, dueAt })
    .where(eq(collect.prefix, prefix))
}
