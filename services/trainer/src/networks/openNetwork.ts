import { createHash } from 'node:crypto'
import {
  Failure,
  isUploaded,
  networks,
  uploadedNetwork,
  type NetworkName,
  type Normalisation,
  type Origin,
  type TrainJobFile,
  type UploadedNetwork,
} from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'
import { buildNetwork } from './buildNetwork.js'
import { freezeLayers } from './freezeLayers.js'
import { normalisationOf } from './servingModel.js'
import { bodyLayers, takeWeights, type NamedWeights } from './takeWeights.js'
import { openModel } from './openModel.js'
import type { LayersModel } from '../engine/tf.js'

export interface OpenedNetwork {
  /** Normalised images to logits. The caller disposes of it. */
  network: LayersModel
  /** Another of the same form, the same layers frozen; its weights are drawn by the seed. The caller disposes of it. */
  makeTwin: (seed: number) => LayersModel
  title: string
  /** Of one forward pass of one 32x32 image. */
  multiplyAdds: number
  /** Names of the layers that have weights, without the last. */
  layers: string[]
  /** Whose weights it begins with; null: drawn ones. */
  origin: Origin | null
  /** What those weights were trained to see; null: drawn ones, or it is not known. */
  normalisation: Normalisation | null
}

/** The network that a job trains, with its first weights: drawn by the seed, or taken over, some of them for good. */
export async function openNetwork(
  store: ObjectStore,
  { spec, network: place, from }: TrainJobFile,
  classes: number,
): Promise<OpenedNetwork> {
  const uploaded =
    place && uploadedNetwork.parse(JSON.parse(Buffer.from(await store.read(keys.network(place.prefix))).toString()))
  const makeTwin = (seed: number) => buildNetwork({ name: spec.network, uploaded, classes, seed })
  const network = makeTwin(spec.seed)
  const { title, multiplyAdds } = uploaded
    ? { title: uploaded.name, multiplyAdds: uploaded.multiplyAdds }
    : networks[spec.network as NetworkName]
  const opened = { network, makeTwin, title, multiplyAdds, layers: bodyLayers(network).map(({ name }) => name) }
  if (from === null || spec.fineTune === null) return { ...opened, origin: null, normalisation: null }

  const source =
    uploaded && isUploaded(from.id)
      ? await readUploaded(store, from.prefix, uploaded)
      : await readModel(store, from.prefix)
  takeWeights(network, source.weights)
  const { freeze } = spec.fineTune
  const frozen = freezeLayers(network, freeze)
  const makeFrozenTwin = (seed: number) => {
    const twin = makeTwin(seed)
    freezeLayers(twin, freeze)
    return twin
  }
  return {
    ...opened,
    makeTwin: makeFrozenTwin,
    normalisation: source.normalisation,
    origin: { id: from.id, name: from.name, sha256: source.sha256, licence: source.licence, frozen },
  }
}

interface Source extends Pick<Origin, 'sha256' | 'licence'> {
  weights: NamedWeights
  normalisation: Normalisation | null
}

async function readUploaded(
  store: ObjectStore,
  prefix: string,
  { weights, weightsFile, weightsSha256: sha256, normalisation, licence }: UploadedNetwork,
): Promise<Source> {
  const bytes = await store.read(prefix + weightsFile)
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new Failure('CHECKSUM_MISMATCH', `${prefix}${weightsFile} is not what network.json says it is`)
  const values = new Float32Array(new Uint8Array(bytes).buffer)
  const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1)
  return {
    sha256,
    normalisation,
    licence,
    weights: new Map(
      weights.map(({ layer, name, shape, first }) => [
        `${layer}/${name}`,
        { shape, values: values.subarray(first, first + size(shape)) },
      ]),
    ),
  }
}

async function readModel(store: ObjectStore, prefix: string): Promise<Source> {
  const { model, manifest, manifestSha256: sha256 } = await openModel(store, prefix)
  const weights = new Map(
    model.weights.map((weight) => [
      weight.originalName,
      { shape: weight.shape as number[], values: weight.read().dataSync<'float32'>().slice() },
    ]),
  )
  const normalisation = normalisationOf(model)
  model.dispose()
  return { sha256, normalisation, licence: manifest.origin?.licence ?? null, weights }
}
