import { and, eq, lt } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { idempotency } from '../schema.js'

/** A create that was asked for under an idempotency key (of which `key` is a hash). */
export interface Asked {
  projectId: string
  key: string
  route: string
  bodySha256: string
}
export type AskedRow = typeof idempotency.$inferSelect

const is = ({ projectId, key }: Pick<Asked, 'projectId' | 'key'>) =>
  and(eq(idempotency.projectId, projectId), eq(idempotency.key, key))

/** Whether it is asked for the first time. Another transaction that asks for the same waits here until this one has ended. */
export async function claimIdempotency(tx: Queries, { projectId, key, route, bodySha256 }: Asked): Promise<boolean> {
  const rows = await tx
    .insert(idempotency)
    .values({ projectId, key, route, bodySha256 })
    .onConflictDoNothing()
    .returning({ key: idempotency.key })
  return rows.length > 0
}

export async function findIdempotency(
  queries: Queries,
  asked: Pick<Asked, 'projectId' | 'key'>,
): Promise<AskedRow | undefined> {
  const [row] = await queries.select().from(idempotency).where(is(asked))
  return row
}

export async function keepAnswer(tx: Queries, { answer, ...asked }: Asked & { answer: unknown }): Promise<void> {
  await tx.update(idempotency).set({ answer }).where(is(asked))
}

/** Gives how many there were. */
export async function forgetAnswers(queries: Queries, olderThan: Date): Promise<number> {
  return (
    await queries.delete(idempotency).where(lt(idempotency.createdAt, olderThan)).returning({ key: idempotency.key })
  ).length
}
