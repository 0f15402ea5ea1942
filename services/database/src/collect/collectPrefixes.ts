import { asc, eq, lte, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { collect } from '../schema.js'

/** Prefixes whose objects are to be deleted now, the longest waiting first. */
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

export async function collected(queries: Queries, prefix: string): Promise<void> {
  await queries.delete(collect).where(eq(collect.prefix, prefix))
}

/** It is tried again at `dueAt`. */
export async function collectLater(
  queries: Queries,
  { prefix, error, dueAt }: { prefix: string; error: string; dueAt: Date },
): Promise<void> {
  await queries
    .update(collect)
    .set({ attempts: sql`${collect.attempts} + 1`, error, dueAt })
    .where(eq(collect.prefix, prefix))
}
