import type { Experiment } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownExperiment, shownExperiment } from './shownExperiment.js'

export async function getExperiment(call: Call, { experimentId }: { experimentId: string }): Promise<Experiment> {
  return shownExperiment(call.database.queries, await ownExperiment(call, experimentId), call.clock())
}
