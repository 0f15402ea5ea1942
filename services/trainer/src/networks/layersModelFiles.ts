import { artifactPaths } from '@imclr/contract'
import { tf } from '../engine/tf.js'
import type { LayersModel } from '../engine/tf.js'

// tfjs-node gives these types no name of their own.
type Handler = Exclude<Parameters<LayersModel['save']>[0], string>
type ModelArtifacts = Parameters<NonNullable<Handler['save']>>[0]
type WeightSpec = NonNullable<ModelArtifacts['weightSpecs']>[number]

export interface ModelFiles {
  /** `model.json`: topology with the names of standard layers, and where the weights are. */
  json: Buffer
  /** `weights.bin`: float32 little-endian, in the order of the manifest. */
  weights: Buffer
}

/** The two files that `tf.loadLayersModel` takes, in plain tfjs too. */
export async function layersModelFiles(model: LayersModel): Promise<ModelFiles> {
  let taken: ModelArtifacts | undefined
  await model.save({
    save: async (artifacts) => {
      taken = artifacts
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    },
  })
  const { modelTopology, weightSpecs, weightData } = taken!
  const weights = Buffer.concat([weightData!].flat().map((part) => Buffer.from(part)))
  const json = {
    format: 'layers-model',
    generatedBy: 'imclr',
    convertedBy: null,
    modelTopology,
    weightsManifest: [
      {
        paths: [artifactPaths.weights],
        weights: weightSpecs!.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      },
    ],
  }
  return { json: Buffer.from(JSON.stringify(json)), weights }
}

/** The model out of its files. The caller disposes of it. @throws Error when they do not fit each other */
export async function loadModelFiles({
  json,
  weights,
}: {
  json: Uint8Array
  weights: Uint8Array
}): Promise<LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(json).toString()) as {
    modelTopology: object
    weightsManifest: { weights: WeightSpec[] }[]
  }
  const weightSpecs = weightsManifest.flatMap((group) => group.weights)
  return tf.loadLayersModel({
    load: async () => ({ modelTopology, weightSpecs, weightData: new Uint8Array(weights).buffer }),
  })
}
