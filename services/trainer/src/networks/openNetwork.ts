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
import { sha256Of } from '../sha256Of.js'

export interface OpenedNetwork {
  /** Normalised images to logits. The caller disposes of it. */
  network: LayersModel
  /**
   * Makes another network of the same form with the same layers frozen and weights drawn by the seed. The caller
   * disposes of it.
   */
  cloneArchitecture: (seed: number) => LayersModel
  title: string
  /** Of one forward pass of one 32x32 image. */
  multiplyAdds: number
  /** Names of the layers that have weights, without the last. */
  layers: string[]
  /** The model whose weights it begins with; null: its weights are drawn. */
  origin: Origin | null
  /**
   * How the pictures were normalised that those weights were trained on; null: weights are drawn, or it is not known.
   */
  normalisation: Normalisation | null
}

/**
 * Opens the network that a job trains, with its first weights: drawn by the seed, or taken from another model and some
 * of them frozen.
 */
export async function openNetwork(
  store: ObjectStore,
  { spec, network: uploadedAt, from }: TrainJobFile,
  classes: number,
): Promise<OpenedNetwork> {
  const uploaded =
    uploadedAt &&
    uploadedNetwork.parse(JSON.parse(Buffer.from(await store.read(keys.network(uploadedAt.prefix))).toString()))
  const cloneArchitecture = (seed: number) => buildNetwork({ name: spec.network, uploaded, classes, seed })
  const network = cloneArchitecture(spec.seed)
  const { title, multiplyAdds } = uploaded
    ? { title: uploaded.name, multiplyAdds: uploaded.multiplyAdds }
    : networks[spec.network as NetworkName]
  const opened = {
    network,
    cloneArchitecture,
    title,
    multiplyAdds,
    layers: bodyLayers(network).map(({ name }) => name),
  }
  if (from === null || spec.fineTune === null) return { ...opened, origin: null, normalisation: null }

  const source =
    uploaded && isUploaded(from.id)
      ? await readUploaded(store, from.prefix, uploaded)
      : await readModel(store, from.prefix)
  takeWeights(network, source.weights)
  const { freeze } = spec.fineTune
  const frozen = freezeLayers(network, freeze)
  const cloneFrozen = (seed: number) => {
    const clone = cloneArchitecture(seed)
    freezeLayers(clone, freeze)
    return clone
  }
  return {
    ...opened,
    cloneArchitecture: cloneFrozen,
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
  if (sha256Of(bytes) !== sha256)
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
