import { connect, type ClientOptions } from './connection/connect.js'
import { datasets } from './datasets/datasets.js'
import { experiments } from './experiments/experiments.js'
import type { Api } from './generated/api.js'
import { evaluations } from './jobs/evaluations.js'
import { trainings } from './jobs/trainings.js'
import { models } from './models/models.js'
import { networks } from './networks/networks.js'

/** The client of an imclr service. Each domain's file has its verbs, with their types and descriptions. */
export interface Client
  extends
    ReturnType<typeof datasets>,
    ReturnType<typeof trainings>,
    ReturnType<typeof evaluations>,
    ReturnType<typeof models>,
    ReturnType<typeof networks>,
    ReturnType<typeof experiments> {
  /** All procedures of the service, generated from its router. */
  api: Api
}

/**
 * Creates a client. Without options it uses IMCLR_URL and IMCLR_API_KEY, or the service that runs on this machine.
 *
 * @example
 * const sdk = createClient()
 * const dataset = await sdk.datasets.upload('./pets.zip')
 * const job = await sdk.train(dataset, { mode: 'imclr' })
 * const model = await job.result()
 */
export function createClient(options: ClientOptions = {}): Client {
  const connection = connect(options)
  return {
    ...datasets(connection),
    ...trainings(connection),
    ...evaluations(connection),
    ...models(connection),
    ...networks(connection),
    ...experiments(connection),
    api: connection.api,
  }
}
