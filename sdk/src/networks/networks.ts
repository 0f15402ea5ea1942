import type { Connection } from '../connection/connect.js'
import type { NetworkSummary } from '../generated/api.js'
import { idOf } from '../idOf.js'
import { uploadNetwork, type NetworkFiles, type NetworkUploadOptions } from './uploadNetwork.js'

/** The client's verbs for networks that users upload. */
export const networks = (connection: Connection) => ({
  networks: {
    /**
     * Uploads a layers model of your own (`model.json` or its folder, and the weight files beside it):
     * `sdk.networks.upload('mobilenet/model.json')`. Name its id in `network` or `fineTune.from` of a training. The
     * same network gets the same id again.
     *
     * @throws BadInputError: `issues` lists every layer that is not supported
     */
    upload(from: string | URL | NetworkFiles, options: NetworkUploadOptions = {}): Promise<NetworkSummary> {
      return uploadNetwork(connection, from, options)
    },

    /** Reads an uploaded network by its id. */
    get(networkId: string): Promise<NetworkSummary> {
      return connection.api.network.get({ networkId })
    },

    /** Deletes a network. Refused while a model is made from it or a job will train it. */
    async delete(network: { id: string } | string): Promise<void> {
      await connection.api.network.delete({ networkId: idOf(network) })
    },
  },
})
