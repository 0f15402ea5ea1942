import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { network } from '../schema.js'

export type NetworkRow = typeof network.$inferSelect

interface Ids {
  projectId: string
  networkId: string
}
export const isNetwork = ({ projectId, networkId }: Ids) =>
  and(eq(network.id, networkId), eq(network.projectId, projectId))

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
