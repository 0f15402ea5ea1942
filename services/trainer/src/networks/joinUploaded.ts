import { networkInput, type NetworkLayer, type UploadedNetwork } from '@imclr/contract'
import { tf, type Layer, type SymbolicTensor } from '../engine/tf.js'
import { batchNormalizationLayer } from './batchNormalizationLayer.js'
import { dropoutLayer } from './dropoutLayer.js'

/**
 * The layers of a network that a user uploaded, with weights of zero. Batch normalisation and dropout are ours, so that
 * steps are recorded and repeat themselves; all others are TensorFlow.js' own.
 *
 * @param images `[n, h, w, 3]`, normalised
 * @returns features `[n, c]`
 */
export function joinUploaded(
  images: SymbolicTensor,
  { layers, output }: Pick<UploadedNetwork, 'layers' | 'output'>,
): SymbolicTensor {
  const outputs = new Map([[networkInput, images]])
  for (const layer of layers) {
    const inputs = layer.inputs.map((name) => outputs.get(name)!)
    outputs.set(layer.name, makeLayer(layer).apply(inputs.length === 1 ? inputs[0]! : inputs) as SymbolicTensor)
  }
  return outputs.get(output)!
}

function makeLayer({ inputs: _, kind, ...settings }: NetworkLayer): Layer {
  if (kind === 'batchNormalization')
    return batchNormalizationLayer(settings.name, settings as { momentum: number; epsilon: number })
  if (kind === 'dropout') return dropoutLayer(settings.name, (settings as { rate: number }).rate)
  const make = tf.layers[kind] as unknown as (settings: object) => Layer
  return make({ ...settings, ...zeros })
}

/** Nothing is drawn here: `initialiseWeights` does it by the seed. */
const zeros = { kernelInitializer: 'zeros', depthwiseInitializer: 'zeros' }
