import { Failure, networkId, type NetworkSummary } from '@imclr/contract'
import {
  deleteNetwork as removeNetwork,
  findNetwork,
  lockNetwork,
  referencesToNetwork,
  type NetworkRow,
} from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { assertUnreferenced } from '../request/references.js'

/** Finds a network of the caller's project. Throws Failure NOT_FOUND. */
export async function requireNetwork({ database, caller }: Call, networkId: string): Promise<NetworkRow> {
  const row = await findNetwork(database.queries, { projectId: caller.projectId, networkId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no network ${networkId}`)
  return row
}

export const toNetwork = ({ id, name, summary, layers, bytes, createdAt }: NetworkRow): NetworkSummary => ({
  id,
  name,
  ...summary,
  layers: layers.filter(({ kind }) => weighted.has(kind)).map((layer) => layer.name),
  bytes,
  createdAt: createdAt.toISOString(),
})

const weighted = new Set(['conv2d', 'depthwiseConv2d', 'dense', 'batchNormalization'])

export const deletedNetwork = z.object({ networkId })

/**
 * Deletes an uploaded network with its files. Throws Failure IN_USE where a model is made of it, or an unfinished job
 * trains it.
 */
export async function deleteNetwork(
  { database, caller: { projectId } }: Call,
  { networkId }: { networkId: string },
): Promise<z.infer<typeof deletedNetwork>> {
  await database.transaction(async (tx) => {
    const network = await lockNetwork(tx, { projectId, networkId })
    if (network === undefined) throw new Failure('NOT_FOUND', `There is no network ${networkId}`)
    assertUnreferenced(`Network ${networkId}`, await referencesToNetwork(tx, networkId))
    await removeNetwork(tx, network)
  })
  return { networkId }
}
