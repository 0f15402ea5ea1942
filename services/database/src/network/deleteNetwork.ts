import type { Issue } from '@imclr/contract'
import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { unfinishedStates } from '../job/listJobs.js'
import { collect, job, model, network } from '../schema.js'
import { isNetwork, type NetworkRow } from './findNetwork.js'

interface Ids {
  projectId: string
  networkId: string
}

/** The row, held until the transaction ends: nobody begins to need it meanwhile. */
export async function lockNetwork(tx: Queries, ids: Ids): Promise<NetworkRow | undefined> {
  const [row] = await tx.select().from(network).where(isNetwork(ids)).for('update')
  return row
}

/** The same for one that is only to be read and to stay. */
export async function holdNetwork(tx: Queries, ids: Ids): Promise<NetworkRow | undefined> {
  const [row] = await tx.select().from(network).where(isNetwork(ids)).for('share')
  return row
}

/** Models whose layers are its own, and jobs that have not ended and will train it. */
export async function neededOfNetwork(tx: Queries, networkId: string): Promise<Issue[]> {
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

/** Deletes a network, and has its objects collected. */
export async function deleteNetwork(tx: Queries, { id, prefix }: Pick<NetworkRow, 'id' | 'prefix'>): Promise<void> {
  await tx.delete(network).where(eq(network.id, id))
  await tx.insert(collect).values({ prefix }).onConflictDoNothing()
}
