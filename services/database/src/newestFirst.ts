import { and, desc, eq, lt, or, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'

/**
 * Part of a list, the newest first: the rows that are older than `before` (by time, then by id), or the first rows of
 * all.
 */
export interface Slice {
  before: { createdAt: Date; id: string } | null
  limit: number
}

/** The condition and the order of such a list. The index `<table>_newest` serves both. */
export function newestFirst(
  columns: { createdAt: PgColumn; id: PgColumn },
  { before }: Slice,
): { where: SQL | undefined; orderBy: SQL[] } {
  const { createdAt, id } = columns
  const where =
    before === null
      ? undefined
      : or(lt(createdAt, before.createdAt), and(eq(createdAt, before.createdAt), lt(id, before.id)))
  return { where, orderBy: [desc(createdAt), desc(id)] }
}
