import type { Normalisation, TestInput, TrainingSpec } from '@imclr/contract'
import { tf, type Layer, type LayersModel, type SymbolicTensor } from '../engine/tf.js'
import { actsInTrainingOnly } from './dropoutLayer.js'

export interface ServingOptions {
  /** Per channel, in 0..255, as in training. */
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
  /**
   * How training inputs were stacked, and how a single picture becomes such an input (default: stacked with itself);
   * null: trained on single images.
   */
  stack: { images: number; axis: TrainingSpec['stacking']['axis']; testInput?: TestInput } | null
  /** Of the pictures. A model that mirrors takes this width alone; others take any. */
  width?: number
}

/**
 * The model as it is used: pixels 0..255 `[n, h, w, 3]` to probabilities `[n, classes]`. A fixed batch normalisation
 * comes first, softmax last. Where training inputs were stacked, an image is stacked with itself, above itself if the
 * training stacked along either axis. 'self-mirror' alternates the image and its mirror image. Only standard layers, so
 * plain TensorFlow.js loads it. The trained layers are shared, not copied: dispose the trained model, not this one.
 */
export function buildServingModel(trained: LayersModel, { mean, std, stack, width }: ServingOptions): LayersModel {
  const mirrors = stack?.testInput === 'self-mirror'
  if (mirrors && width === undefined) throw new RangeError('a model that mirrors must know the width of its pictures')
  const pixels = tf.input({ shape: [null, mirrors ? width! : null, 3], name: 'pixels' })
  let x = normalise(pixels, { mean, std })
  if (stack && stack.images > 1 && stack.testInput !== 'single') {
    const images = [x, mirrors ? mirror(x, width!) : x]
    x = tf.layers
      .concatenate({ name: 'self_stack', axis: stack.axis === 'width' ? 2 : 1 })
      .apply(Array.from({ length: stack.images }, (_, i) => images[i % 2]!)) as SymbolicTensor
  }
  x = applyLayers(trained, x)
  x = tf.layers.activation({ name: 'probabilities', activation: 'softmax' }).apply(x) as SymbolicTensor
  return tf.model({ name: trained.name, inputs: pixels, outputs: x })
}

const epsilon = 1e-5

/** (x - mean) / std as a batch normalisation that never learns. */
function normalise(pixels: SymbolicTensor, { mean, std }: Pick<ServingOptions, 'mean' | 'std'>): SymbolicTensor {
  const layer = tf.layers.batchNormalization({ name: 'normalise', epsilon, trainable: false })
  // Applied before its weights are set: a layer that is built by hand gives them names that the loader does not find.
  const normalised = layer.apply(pixels) as SymbolicTensor
  tf.tidy(() => {
    const variance = std.map((deviation) => deviation ** 2 - epsilon)
    layer.setWeights([tf.ones([mean.length]), tf.zeros([mean.length]), tf.tensor1d([...mean]), tf.tensor1d(variance)])
  })
  return normalised
}

/** The mean and deviation that a serving model normalises by. */
export function normalisationOf(serving: LayersModel): Normalisation {
  const [, , mean, variance] = serving.getLayer('normalise').getWeights()
  return {
    mean: [...mean!.dataSync()] as Normalisation['mean'],
    std: Array.from(variance!.dataSync(), (value) => Math.sqrt(value + epsilon)) as Normalisation['std'],
  }
}

/**
 * Left to right. TensorFlow.js has no layer that does it, so each row is multiplied by the matrix that reverses it:
 * ones on the antidiagonal, which is exact, and 1/100 of the work of a small network.
 * @param x `[n, h, width, 3]`
 */
function mirror(x: SymbolicTensor, width: number): SymbolicTensor {
  const swapped = tf.layers.permute({ name: 'mirror_rows', dims: [1, 3, 2] }).apply(x)
  const layer = tf.layers.dense({
    name: 'mirror',
    units: width,
    useBias: false,
    trainable: false,
    kernelInitializer: 'zeros',
  })
  const reversed = layer.apply(swapped)
  tf.tidy(() => layer.setWeights([tf.reverse(tf.eye(width), 1)]))
  return tf.layers.permute({ name: 'mirror_back', dims: [1, 3, 2] }).apply(reversed) as SymbolicTensor
}

/**
 * Applies a model's layers to another input, so that both share their weights without a model inside a model. Layers
 * for training only are left out.
 */
function applyLayers(model: LayersModel, input: SymbolicTensor): SymbolicTensor {
  const outputs = new Map<string, SymbolicTensor>()
  for (const layer of model.layers) {
    if (layer.getClassName() === 'InputLayer') {
      outputs.set(layer.name, input)
      continue
    }
    const node = layer.inboundNodes[0] as unknown as { inboundLayers: Layer[] }
    const inputs = node.inboundLayers.map(({ name }) => outputs.get(name)!)
    outputs.set(
      layer.name,
      actsInTrainingOnly(layer)
        ? inputs[0]!
        : (layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as SymbolicTensor),
    )
  }
  return outputs.get(model.outputs[0]!.sourceLayer.name)!
}
