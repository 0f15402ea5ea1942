/**
 * A network of a user's own, as it is kept once its `model.json` has been read: nothing but layers of these kinds, whose settings have
 * the names that TensorFlow.js gives them. The files: `network.json`, and the weights as they were uploaded.
 */
import { z } from 'zod'
import { givenName } from './access.js'
import { sha256, uploadPart } from './dataset.js'
import { networkId, uploadId } from './ids.js'

const layerName = z.string().regex(/^[A-Za-z0-9][\w./-]{0,99}$/)
/** All tensors between layers are `[n, h, w, c]`, or `[n, c]` behind a global pooling. */
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
  z.strictObject({ kind: z.literal('zeroPadding2d'), ...layer, padding: z.tuple([border, border]) }), // top and bottom, left and right
  z.strictObject({ kind: z.literal('maxPooling2d'), ...layer, poolSize: pair, strides: pair, padding }),
  z.strictObject({ kind: z.literal('averagePooling2d'), ...layer, poolSize: pair, strides: pair, padding }),
  z.strictObject({ kind: z.literal('globalAveragePooling2d'), ...layer }),
  z.strictObject({ kind: z.literal('globalMaxPooling2d'), ...layer }),
  z.strictObject({ kind: z.literal('add'), ...layer }),
  z.strictObject({ kind: z.literal('concatenate'), ...layer }), // along the channels
])
export type NetworkLayer = z.infer<typeof networkLayer>

/** What the layers call the pictures that come in, and the last layer, which training puts behind theirs. */
export const networkInput = 'images'
export const networkHead = 'logits'

/** What the weights of a network were trained to see: (pixel - mean) / std per channel, pixels 0..255 RGB. */
const channel = z.number().min(-1e4).max(1e4)
export const normalisation = z.strictObject({
  mean: z.tuple([channel, channel, channel]),
  std: z.tuple([channel.gt(0), channel.gt(0), channel.gt(0)]),
})
export type Normalisation = z.infer<typeof normalisation>

/** The most that one network may have. */
export const networkLimits = {
  modelBytes: 2 ** 20,
  weightBytes: 400 * 2 ** 20,
  layers: 1000,
  multiplyAdds: 1e12,
  activations: 2 ** 26,
} as const

export const createNetworkRequest = z.strictObject({
  uploadId, // of the weights: all files of the manifest, one after the other
  parts: z.array(uploadPart).min(1).max(10_000),
  name: givenName(),
  model: z.string().min(2).max(networkLimits.modelBytes), // the text of model.json
  normalisation: normalisation.nullable().default(null), // null: not known
  licence: z.string().trim().min(1).max(50_000).nullable().default(null), // its text, or its name; kept with every model that comes of it
})

export const networkWeight = z.object({
  layer: layerName,
  name: z.string(),
  shape: z.array(z.int().positive()),
  first: z.int().nonnegative(),
}) // `first`: its place among all float32
export type NetworkWeight = z.infer<typeof networkWeight>

const facts = {
  id: networkId,
  name: z.string(),
  parameters: z.int(), // with a last layer of 10 classes, as those of our own networks are counted
  multiplyAdds: z.int(), // of one forward pass of one 32x32 image (where it is too small for the network: in proportion to the pixels)
  smallestSize: z.int(), // pixels a side
  normalisation: normalisation.nullable(),
  licence: z.string().nullable(),
  weightsSha256: sha256,
}

/** `network.json` */
export const uploadedNetwork = z.object({
  schemaVersion: z.literal(1),
  ...facts,
  layers: z.array(networkLayer).min(1).max(networkLimits.layers),
  output: layerName, // of rank 2: the head reads it
  weightsFile: z.string(),
  weights: z.array(networkWeight),
})
export type UploadedNetwork = z.infer<typeof uploadedNetwork>

export const networkSummary = z.object({
  ...facts,
  layers: z.array(z.string()), // those that have weights, first to last
  notes: z.array(z.string()), // what of the file was left out
  bytes: z.int(),
  createdAt: z.iso.datetime(),
})
export type NetworkSummary = z.infer<typeof networkSummary>
