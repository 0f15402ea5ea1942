import { and, desc, eq, lt, or, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'

/** A part of a list, newest first: rows older than `before` (by time, then id), or from the beginning. */
export interface Slice {
  before: { createdAt: Date; id: string } | null
  limit: number
}

/** Condition and order of such a list; the index `<table>_newest` serves both. */
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
