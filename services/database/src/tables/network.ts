import type { Issue } from '@imclr/contract'
import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { job, model, network, unfinishedStates } from '../schema.js'
import { collectPrefixes } from './collect.js'

export type NetworkRow = typeof network.$inferSelect

interface Ids {
  projectId: string
  networkId: string
}
const isNetwork = ({ projectId, networkId }: Ids) => and(eq(network.id, networkId), eq(network.projectId, projectId))

export async function findNetwork(queries: Queries, ids: Ids): Promise<NetworkRow | undefined> {
  const [row] = await queries.select().from(network).where(isNetwork(ids))
  return row
}

export async function listNetworks(queries: Queries, slice: Slice & { projectId: string }): Promise<NetworkRow[]> {
  const { where, orderBy } = newestFirst(network, slice)
  return queries
    .select()
    .from(network)
    .where(and(eq(network.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

/**
 * Inserts a network, or finds the one of the same id (the same content); then it collects the objects of `row`, which
 * nobody needs.
 */
export async function findOrInsertNetwork(tx: Queries, row: typeof network.$inferInsert): Promise<NetworkRow> {
  await tx.insert(network).values(row).onConflictDoNothing({ target: network.id })
  const [found] = await tx.select().from(network).where(eq(network.id, row.id)).for('update')
  if (found!.prefix !== row.prefix) await collectPrefixes(tx, [row.prefix])
  return found!
}

/** Finds the row and locks it until the transaction ends: no job begins to refer to it meanwhile. */
export async function lockNetwork(tx: Queries, ids: Ids): Promise<NetworkRow | undefined> {
  const [row] = await tx.select().from(network).where(isNetwork(ids)).for('update')
  return row
}

/** Finds a network and keeps others from deleting it until the transaction ends. */
export async function lockNetworkForShare(tx: Queries, ids: Ids): Promise<NetworkRow | undefined> {
  const [row] = await tx.select().from(network).where(isNetwork(ids)).for('share')
  return row
}

/** What keeps a network from being deleted: models that are made of it, and unfinished jobs that train it. */
export async function referencesToNetwork(tx: Queries, networkId: string): Promise<Issue[]> {
  const models = await tx
    .select({ id: model.id, name: model.name })
    .from(model)
    .where(sql`${model.manifest} ->> 'network' = ${networkId}`)
  const isTrained = or(
    sql`${job.spec} ->> 'network' = ${networkId}`,
    sql`${job.spec} -> 'fineTune' ->> 'from' = ${networkId}`,
  )
  const jobs = await tx
    .select({ id: job.id, state: job.state })
    .from(job)
    .where(and(inArray(job.state, [...unfinishedStates]), isTrained))
  return [
    ...models.map(({ id, name }) => ({
      path: id,
      code: 'model',
      message: `Model '${name}' is made of it`,
      fix: 'Delete the model first',
    })),
    ...jobs.map(({ id, state }) => ({
      path: id,
      code: 'job',
      message: `Job ${id}, which is ${state}, trains it`,
      fix: 'Cancel the job, or wait until it has ended',
    })),
  ]
}

/** Deletes a network and collects its objects. */
export async function deleteNetwork(tx: Queries, { id, prefix }: Pick<NetworkRow, 'id' | 'prefix'>): Promise<void> {
  await tx.delete(network).where(eq(network.id, id))
  await collectPrefixes(tx, [prefix])
}
