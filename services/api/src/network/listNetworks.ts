import type { NetworkSummary } from '@imclr/contract'
import { listNetworks as readNetworks } from '@imclr/database'
import type { Call } from '../request/context.js'
import { pageOf, type Page, type PageRequest } from '../request/page.js'
import { shownNetwork } from './shownNetwork.js'

export async function listNetworks(
  { database: { queries }, caller }: Call,
  input: PageRequest,
): Promise<Page<NetworkSummary>> {
  return pageOf(input, (slice) => readNetworks(queries, { projectId: caller.projectId, ...slice }), shownNetwork)
}
