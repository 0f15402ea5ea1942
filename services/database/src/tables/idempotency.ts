import { and, eq, lt } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { idempotency } from '../schema.js'

/** A request under an idempotency key. `key` is a hash of it. */
export interface IdempotentRequest {
  projectId: string
  key: string
  route: string
  bodySha256: string
}
export type IdempotencyRow = typeof idempotency.$inferSelect

const is = ({ projectId, key }: Pick<IdempotentRequest, 'projectId' | 'key'>) =>
  and(eq(idempotency.projectId, projectId), eq(idempotency.key, key))

/**
 * Gives whether this is the first request under its key. A second one waits here until the transaction of the first has
 * ended.
 */
export async function claimIdempotency(
  tx: Queries,
  { projectId, key, route, bodySha256 }: IdempotentRequest,
): Promise<boolean> {
  const rows = await tx
    .insert(idempotency)
    .values({ projectId, key, route, bodySha256 })
    .onConflictDoNothing()
    .returning({ key: idempotency.key })
  return rows.length > 0
}

export async function findIdempotency(
  queries: Queries,
  request: Pick<IdempotentRequest, 'projectId' | 'key'>,
): Promise<IdempotencyRow | undefined> {
  const [row] = await queries.select().from(idempotency).where(is(request))
  return row
}

export async function storeAnswer(
  tx: Queries,
  { answer, ...request }: IdempotentRequest & { answer: unknown },
): Promise<void> {
  await tx.update(idempotency).set({ answer }).where(is(request))
}

/** Gives how many answers it deleted. */
export async function deleteAnswersBefore(queries: Queries, olderThan: Date): Promise<number> {
  return (
    await queries.delete(idempotency).where(lt(idempotency.createdAt, olderThan)).returning({ key: idempotency.key })
  ).length
}
