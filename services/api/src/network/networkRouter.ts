import { createNetworkRequest, networkSummary, page } from '@imclr/contract'
import { listNetworks } from '@imclr/database'
import { networkIdRef, pageInput } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { readProcedure, resolve, router, writeProcedure } from '../request/procedure.js'
import { createNetwork } from './createNetwork.js'
import { deletedNetwork, deleteNetwork, requireNetwork, toNetwork } from './networks.js'

export const networkRouter = router({
  create: writeProcedure.input(createNetworkRequest).output(networkSummary).mutation(resolve(createNetwork)),
  list: readProcedure
    .input(pageInput)
    .output(page(networkSummary))
    .query(({ ctx: { database, caller }, input }) =>
      paginate(input, (slice) => listNetworks(database.queries, { projectId: caller.projectId, ...slice }), toNetwork),
    ),
  get: readProcedure
    .input(networkIdRef)
    .output(networkSummary)
    .query(async ({ ctx, input }) => toNetwork(await requireNetwork(ctx, input.networkId))),
  delete: writeProcedure.input(networkIdRef).output(deletedNetwork).mutation(resolve(deleteNetwork)),
})
