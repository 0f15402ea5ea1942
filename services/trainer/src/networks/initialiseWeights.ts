import { stream } from '../random/stream.js'
import { tf, type LayersModel } from '../engine/tf.js'
import { actsInTrainingOnly, dropoutKeys } from './dropoutLayer.js'

/**
 * Draws a network's first weights, a pure function of the seed: convolutions normal with variance 2 / fan-in (He et al.
 * 2015, "Delving deep into rectifiers"), the last layer (any dense one) normal with variance 1 / fan-in, biases and
 * shifts 0, scales 1; dropout gets its key. Each layer has a stream of its own, so a network keeps its draws when
 * another layer is added behind.
 */
export function initialiseWeights(model: LayersModel, seed: number): void {
  model.layers.forEach((layer, index) => {
    if (actsInTrainingOnly(layer))
      tf.tidy(() => layer.setWeights([tf.tensor1d([stream({ seed, name: 'dropout', index }).int(dropoutKeys), 0])]))
    const kind = layer.getClassName()
    if (kind !== 'Conv2D' && kind !== 'DepthwiseConv2D' && kind !== 'Dense') return
    const random = stream({ seed, name: 'init', index })
    const [kernel, ...rest] = layer.getWeights()
    // A depthwise kernel is [h, w, channels, multiplier]: each of its outputs sees one channel.
    const fanIn =
      kind === 'DepthwiseConv2D' ? kernel!.shape[0] * kernel!.shape[1]! : kernel!.size / kernel!.shape.at(-1)!
    const deviation = Math.sqrt((kind === 'Dense' ? 1 : 2) / fanIn)
    const drawn = tf.tensor(
      Float32Array.from({ length: kernel!.size }, () => deviation * random.normal()),
      kernel!.shape,
    )
    layer.setWeights([drawn, ...rest])
    drawn.dispose()
  })
}
