/**
 * A user's own network, in the form in which it is kept once its `model.json` has been read. It has only layers of
 * these kinds; their settings have the names that TensorFlow.js gives them. Its files are `network.json`, and the
 * weights as they were uploaded.
 */
import { z } from 'zod'
import { givenName } from './access.js'
import { sha256, uploadPart } from './dataset.js'
import { networkId, uploadId } from './ids.js'

const layerName = z.string().regex(/^[A-Za-z0-9][\w./-]{0,99}$/)
/** All tensors between layers are `[n, h, w, c]`, or `[n, c]` after a global pooling. */
const layer = { name: layerName, inputs: z.array(layerName).min(1).max(64) }
const pair = z.tuple([z.int().min(1).max(64), z.int().min(1).max(64)]) // height, width
const border = z.tuple([z.int().min(0).max(64), z.int().min(0).max(64)])
const padding = z.enum(['same', 'valid'])
const channels = z.int().min(1).max(65_536)
export const layerActivation = z.enum([
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'sigmoid',
  'hardSigmoid',
  'softplus',
  'tanh',
  'swish',
])

export const networkLayer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conv2d'),
    ...layer,
    filters: channels,
    kernelSize: pair,
    strides: pair,
    padding,
    useBias: z.boolean(),
    activation: layerActivation,
  }),
  z.strictObject({
    kind: z.literal('depthwiseConv2d'),
    ...layer,
    depthMultiplier: z.int().min(1).max(64),
    kernelSize: pair,
    strides: pair,
    padding,
    useBias: z.boolean(),
    activation: layerActivation,
  }),
  z.strictObject({
    kind: z.literal('dense'),
    ...layer,
    units: channels,
    useBias: z.boolean(),
    activation: layerActivation,
  }),
  z.strictObject({
    kind: z.literal('batchNormalization'),
    ...layer,
    momentum: z.number().min(0).lt(1),
    epsilon: z.number().gt(0).max(1),
  }),
  z.strictObject({ kind: z.literal('activation'), ...layer, activation: layerActivation }),
  z.strictObject({ kind: z.literal('reLU'), ...layer, maxValue: z.number().gt(0).optional() }),
  z.strictObject({ kind: z.literal('leakyReLU'), ...layer, alpha: z.number().min(0).max(1) }),
  z.strictObject({ kind: z.literal('dropout'), ...layer, rate: z.number().min(0).lt(1) }),
  // Top and bottom, left and right
  z.strictObject({ kind: z.literal('zeroPadding2d'), ...layer, padding: z.tuple([border, border]) }),
  z.strictObject({ kind: z.literal('maxPooling2d'), ...layer, poolSize: pair, strides: pair, padding }),
  z.strictObject({ kind: z.literal('averagePooling2d'), ...layer, poolSize: pair, strides: pair, padding }),
  z.strictObject({ kind: z.literal('globalAveragePooling2d'), ...layer }),
  z.strictObject({ kind: z.literal('globalMaxPooling2d'), ...layer }),
  z.strictObject({ kind: z.literal('add'), ...layer }),
  z.strictObject({ kind: z.literal('concatenate'), ...layer }), // along the channels
])
export type NetworkLayer = z.infer<typeof networkLayer>

/**
 * The layers' name for the incoming pictures, and the name of the last layer, which training adds after the network's
 * own.
 */
export const networkInput = 'images'
export const networkHead = 'logits'

/** The input that a network's weights were trained on: (pixel - mean) / std per channel, pixels 0..255 RGB. */
const channel = z.number().min(-1e4).max(1e4)
export const normalisation = z.strictObject({
  mean: z.tuple([channel, channel, channel]),
  std: z.tuple([channel.gt(0), channel.gt(0), channel.gt(0)]),
})
export type Normalisation = z.infer<typeof normalisation>

/** Upper limits for one network. */
export const networkLimits = {
  modelBytes: 2 ** 20,
  weightBytes: 400 * 2 ** 20,
  layers: 1000,
  multiplyAdds: 1e12,
  activations: 2 ** 26,
} as const

export const createNetworkRequest = z.strictObject({
  uploadId, // the upload of the weights: all files of the manifest, one after the other
  parts: z.array(uploadPart).min(1).max(10_000),
  name: givenName(),
  model: z.string().min(2).max(networkLimits.modelBytes), // the text of model.json
  normalisation: normalisation.nullable().default(null), // null if not known
  // Its text, or its name; every model made from the network keeps it.
  licence: z.string().trim().min(1).max(50_000).nullable().default(null),
})

export const networkWeight = z.object({
  layer: layerName,
  name: z.string(),
  shape: z.array(z.int().positive()),
  first: z.int().nonnegative(),
}) // `first` is the weight's place among all float32 values
export type NetworkWeight = z.infer<typeof networkWeight>

const facts = {
  id: networkId,
  name: z.string(),
  parameters: z.int(), // counted with a last layer of 10 classes, as for our own networks
  // For one forward pass of one 32x32 image. If that is too small for the network, scaled in proportion to the pixels.
  multiplyAdds: z.int(),
  smallestSize: z.int(), // pixels of one side
  normalisation: normalisation.nullable(),
  licence: z.string().nullable(),
  weightsSha256: sha256,
}

/** `network.json` */
export const uploadedNetwork = z.object({
  schemaVersion: z.literal(1),
  ...facts,
  layers: z.array(networkLayer).min(1).max(networkLimits.layers),
  output: layerName, // a layer with an output of rank 2, which the head reads
  weightsFile: z.string(),
  weights: z.array(networkWeight),
})
export type UploadedNetwork = z.infer<typeof uploadedNetwork>

export const networkSummary = z.object({
  ...facts,
  layers: z.array(z.string()), // the layers that have weights, first to last
  notes: z.array(z.string()), // parts of the file that were left out
  bytes: z.int(),
  createdAt: z.iso.datetime(),
})
export type NetworkSummary = z.infer<typeof networkSummary>
