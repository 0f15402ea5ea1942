import { createNetworkRequest, networkSummary, page } from '@imclr/contract'
import { networkIdRef, pages } from '../request/inputs.js'
import { by, reading, router, writing } from '../request/procedure.js'
import { createNetwork } from './createNetwork.js'
import { deletedNetwork, deleteNetwork } from './deleteNetwork.js'
import { getNetwork } from './getNetwork.js'
import { listNetworks } from './listNetworks.js'

export const networkRouter = router({
  create: writing.input(createNetworkRequest).output(networkSummary).mutation(by(createNetwork)),
  list: reading.input(pages).output(page(networkSummary)).query(by(listNetworks)),
  get: reading.input(networkIdRef).output(networkSummary).query(by(getNetwork)),
  delete: writing.input(networkIdRef).output(deletedNetwork).mutation(by(deleteNetwork)),
})
