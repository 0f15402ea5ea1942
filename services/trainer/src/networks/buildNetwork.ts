import { networkInput, type NetworkName, type NetworkRef, type UploadedNetwork } from '@imclr/contract'
import { tf, type LayersModel, type SymbolicTensor } from '../engine/tf.js'
import '../engine/kernels/meanGradient.js'
import '../engine/kernels/reluGradients.js'
import { convLarge } from './convLarge.js'
import { initialiseWeights } from './initialiseWeights.js'
import { classify } from './layers.js'
import { resnet } from './resnet.js'
import { joinUploaded } from './joinUploaded.js'
import { vgg16 } from './vgg16.js'
import { wideResnet } from './wideResnet.js'

type Body = (images: SymbolicTensor, classes: number) => SymbolicTensor

const bodies: Readonly<Record<NetworkName, Body>> = {
  resnet8: (x, classes) => resnet(x, { units: 1, classes }),
  resnet20: (x, classes) => resnet(x, { units: 3, classes }),
  resnet32: (x, classes) => resnet(x, { units: 5, classes }),
  resnet44: (x, classes) => resnet(x, { units: 7, classes }),
  resnet56: (x, classes) => resnet(x, { units: 9, classes }),
  resnet110: (x, classes) => resnet(x, { units: 18, classes }),
  resnet18: (x, classes) => resnet(x, { units: 2, filters: [64, 128, 256, 512], classes }),
  'wrn28-2': (x, classes) => wideResnet(x, { units: 4, width: 2, activation: 'leakyRelu', classes }),
  'wrn40-2': (x, classes) => wideResnet(x, { units: 6, width: 2, activation: 'relu', classes }),
  'wrn16-8': (x, classes) => wideResnet(x, { units: 2, width: 8, activation: 'relu', classes }),
  'wrn28-10': (x, classes) => wideResnet(x, { units: 4, width: 10, activation: 'relu', classes }),
  'conv-large': (x, classes) => convLarge(x, { classes }),
  'vgg16-bn': (x, classes) => vgg16(x, { classes }),
}

export interface NetworkOptions {
  name: NetworkRef
  /** Its layers, if a user uploaded it. */
  uploaded?: Pick<UploadedNetwork, 'layers' | 'output'> | null
  classes: number
  /** Of the `init` and `dropout` streams. */
  seed: number
}

/**
 * A network for training: normalised images `[n, h, w, 3]` of any size to logits `[n, classes]`. It is fully
 * convolutional, so stacked images go through the same weights. The caller disposes it.
 */
export function buildNetwork({ seed, ...options }: NetworkOptions): LayersModel {
  const model = joinLayers(options)
  initialiseWeights(model, seed)
  return model
}

/** The network before its weights are drawn: kernels are zero. */
export function joinLayers({ name, uploaded, classes }: Omit<NetworkOptions, 'seed'>): LayersModel {
  const images = tf.input({ shape: [null, null, 3], name: networkInput })
  return tf.model({
    name,
    inputs: images,
    outputs: uploaded
      ? classify(joinUploaded(images, uploaded), classes)
      : bodies[name as NetworkName](images, classes),
  })
}
