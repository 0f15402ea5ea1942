import { Failure, networkId } from '@imclr/contract'
import { deleteNetwork as removeNetwork, lockNetwork, neededOfNetwork } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { refuseNeeded } from '../request/refuseNeeded.js'

export const deletedNetwork = z.object({ networkId })

/** Deletes an uploaded network with its files. Throws Failure IN_USE where a model is made of it (it can be trained on), or a job will be. */
export async function deleteNetwork(
  { database, caller: { projectId } }: Call,
  { networkId }: { networkId: string },
): Promise<z.infer<typeof deletedNetwork>> {
  await database.transaction(async (tx) => {
    const network = await lockNetwork(tx, { projectId, networkId })
    if (network === undefined) throw new Failure('NOT_FOUND', `There is no network ${networkId}`)
    refuseNeeded(`Network ${networkId}`, await neededOfNetwork(tx, networkId))
    await removeNetwork(tx, network)
  })
  return { networkId }
}
