import { Failure, type NetworkSummary } from '@imclr/contract'
import { findNetwork, type NetworkRow } from '@imclr/database'
import type { Call } from '../request/context.js'

/** A network of the caller's project. Throws Failure NOT_FOUND. */
export async function ownNetwork({ database, caller }: Call, networkId: string): Promise<NetworkRow> {
  const row = await findNetwork(database.queries, { projectId: caller.projectId, networkId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no network ${networkId}`)
  return row
}

export const shownNetwork = ({ id, name, summary, layers, bytes, createdAt }: NetworkRow): NetworkSummary => ({
  id,
  name,
  ...summary,
  layers: layers.filter(({ kind }) => weighted.has(kind)).map((layer) => layer.name),
  bytes,
  createdAt: createdAt.toISOString(),
})

const weighted = new Set(['conv2d', 'depthwiseConv2d', 'dense', 'batchNormalization'])
