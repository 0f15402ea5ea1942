import type { NetworkLayer, NetworkWeight } from '@imclr/contract'
import { locateWeights, measureNetwork, readTopology } from '@imclr/api/network/testing'
import { layersModelFiles } from '@imclr/trainer/networks/testing'
import { tf, type LayersModel, type SymbolicTensor } from '@imclr/trainer/engine/testing'

/**
 * Every kind of layer that can be had, in plain TensorFlow.js, with first weights and moving statistics that matter.
 * The caller disposes of it.
 */
export function someModel({ classes = 5, seed = 1 }: { classes?: number; seed?: number } = {}): LayersModel {
  const through = (layer: { apply(x: SymbolicTensor | SymbolicTensor[]): unknown }, ...x: SymbolicTensor[]) =>
    layer.apply(x.length === 1 ? x[0]! : x) as SymbolicTensor
  const { layers } = tf
  const images = tf.input({ shape: [32, 32, 3], name: 'picture' })
  let x = through(
    layers.zeroPadding2d({
      name: 'pad',
      padding: [
        [1, 1],
        [1, 1],
      ],
    }),
    images,
  )
  x = through(layers.conv2d({ name: 'conv1', filters: 8, kernelSize: 3, strides: 2, useBias: false }), x)
  x = through(layers.batchNormalization({ name: 'norm1', epsilon: 2e-3, momentum: 0.7 }), x)
  x = through(layers.reLU({ name: 'relu1', maxValue: 6 }), x)
  let y = through(layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same', useBias: true }), x)
  y = through(layers.leakyReLU({ name: 'leaky', alpha: 0.2 }), y)
  y = through(layers.conv2d({ name: 'conv2', filters: 8, kernelSize: [3, 1], padding: 'same', activation: 'swish' }), y)
  x = through(layers.add({ name: 'sum' }), x, y)
  x = through(
    layers.concatenate({ name: 'both' }),
    through(layers.maxPooling2d({ name: 'largest', poolSize: 2 }), x),
    through(layers.averagePooling2d({ name: 'mean', poolSize: 3, strides: 2, padding: 'same' }), x),
  )
  x = through(layers.batchNormalization({ name: 'norm2' }), x)
  x = through(layers.activation({ name: 'act', activation: 'elu' }), x)
  x = through(layers.globalAveragePooling2d({ name: 'pool' }), x)
  x = through(layers.dense({ name: 'hidden', units: 12, activation: 'relu' }), x)
  x = through(layers.dropout({ name: 'drop', rate: 0.3 }), x)
  const model = tf.model({
    name: 'some',
    inputs: images,
    outputs: through(layers.dense({ name: 'classes', units: classes, activation: 'softmax' }), x),
  })
  // Drawn anew: biases and statistics begin as zeros and ones, which would hide that they were lost.
  tf.tidy(() =>
    model.setWeights(
      model.getWeights().map((weight, i) => {
        const drawn = tf.randomNormal(weight.shape, 0, 0.5, 'float32', 100 * seed + i)
        return model.weights[i]!.originalName.endsWith('moving_variance') ? tf.add(tf.square(drawn), 0.5) : drawn
      }),
    ),
  )
  return model
}

export interface UploadedModel {
  layers: NetworkLayer[]
  output: string
  weights: NetworkWeight[]
  values: Float32Array
  smallestSize: number
  parameters: number
  multiplyAdds: number
}

/** What the service makes of a model's files. */
export async function uploadModel(model: LayersModel): Promise<UploadedModel> {
  const { json, weights } = await layersModelFiles(model)
  return uploadFiles(json, weights)
}

/** What the service makes of the text of a `model.json` and its weights. */
export function uploadFiles(json: Uint8Array, bytes: Uint8Array): UploadedModel {
  const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(json).toString()) as {
    modelTopology: unknown
    weightsManifest: unknown
  }
  const { layers, output } = readTopology(modelTopology)
  const measured = measureNetwork(layers, output)
  return {
    layers,
    output,
    ...measured,
    weights: locateWeights(weightsManifest, { layers, smallestSize: measured.smallestSize, bytes: bytes.length }),
    values: new Float32Array(new Uint8Array(bytes).buffer),
  }
}

/** By layer and name, as `takeWeights` wants them. */
export const namedWeights = ({ weights, values }: UploadedModel) =>
  new Map(
    weights.map(({ layer, name, shape, first }) => [
      `${layer}/${name}`,
      { shape, values: values.slice(first, first + shape.reduce((product, side) => product * side, 1)) },
    ]),
  )
