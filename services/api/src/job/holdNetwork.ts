import { Failure, isUploaded, networks, type NetworkLayer, type NetworkName, type TrainingSpec } from '@imclr/contract'
import { holdModel, holdNetwork as holdUploaded, type NetworkRow, type Queries } from '@imclr/database'
import { shownNetwork } from '../network/shownNetwork.js'
import { layersMemory, ownNetworkMemory, type NetworkMemory } from './networkMemory.js'

/** What a spec trains: what of it decides whether it fits the data, and how long it will take. */
export interface SpecNetwork {
  title: string
  smallestSize: number
  /** Of one forward pass of one 32x32 image. */
  multiplyAdds: number
  /** What decides how much memory it takes. */
  memory: NetworkMemory
  /** Of an uploaded network. */
  layers: NetworkLayer[] | null
  /** Names that `fineTune.freeze` can mean; null: not known before it is opened. */
  names: string[] | null
}

/**
 * The spec with its network decided, and what the service knows of that: a fine-tuning trains the network that it begins with. An uploaded network
 * and a model to begin with are held by the transaction. Throws Failure NOT_FOUND, and BAD_INPUT where the spec names another network.
 */
export async function holdNetwork<Spec extends Pick<TrainingSpec, 'network' | 'fineTune'>>(
  tx: Queries,
  projectId: string,
  wanted: Spec,
): Promise<{ spec: Spec; network: SpecNetwork }> {
  const from = wanted.fineTune?.from
  const model = from === undefined || isUploaded(from) ? null : await holdModel(tx, { projectId, modelId: from })
  if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${from} to begin with`)
  const name: string = model?.manifest.network ?? from ?? wanted.network
  if (wanted.network !== name && wanted.network !== defaultNetwork) {
    const message = `${from} is made of ${name}, not of ${wanted.network}`
    throw new Failure('BAD_INPUT', message, {
      issues: [
        {
          path: 'spec.network',
          code: 'does_not_fit',
          message,
          fix: 'Leave network out: it follows from fineTune.from',
        },
      ],
    })
  }
  const spec = { ...wanted, network: name }
  const names = model === null ? null : model.manifest.layers
  if (!isUploaded(name))
    return { spec, network: { ...ownNetwork(name as NetworkName), names: names?.length ? names : null } }
  const row = await holdUploaded(tx, { projectId, networkId: name })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no network ${name}`)
  return { spec, network: ofRow(row) }
}

/** One of ours; its layers' names are known once it is opened. */
export const ownNetwork = (name: NetworkName): SpecNetwork => ({
  ...networks[name],
  memory: ownNetworkMemory(name),
  layers: null,
  names: null,
})

/** Where a spec names no network, and so none that could contradict. */
const defaultNetwork: NetworkName = 'resnet20'

const ofRow = (row: NetworkRow): SpecNetwork => ({
  title: row.name,
  smallestSize: row.summary.smallestSize,
  multiplyAdds: row.summary.multiplyAdds,
  memory: layersMemory(row.layers, row.summary.parameters),
  layers: row.layers,
  names: shownNetwork(row).layers,
})
