import type { NetworkSummary } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownNetwork, shownNetwork } from './shownNetwork.js'

export async function getNetwork(call: Call, { networkId }: { networkId: string }): Promise<NetworkSummary> {
  return shownNetwork(await ownNetwork(call, networkId))
}
