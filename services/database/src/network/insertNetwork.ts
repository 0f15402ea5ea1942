import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { collect, network } from '../schema.js'
import type { NetworkRow } from './findNetwork.js'

/** The network of that id, made of the row where there is none yet; else the row's objects are not needed, and collected. */
export async function insertNetwork(tx: Queries, row: typeof network.$inferInsert): Promise<NetworkRow> {
  await tx.insert(network).values(row).onConflictDoNothing({ target: network.id })
  const [there] = await tx.select().from(network).where(eq(network.id, row.id)).for('update')
  if (there!.prefix !== row.prefix) await tx.insert(collect).values({ prefix: row.prefix }).onConflictDoNothing()
  return there!
}
