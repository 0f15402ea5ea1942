/** The layers that our networks are made of. Weights start at zero and are drawn by `initialiseWeights`. */
import { networkHead } from '@imclr/contract'
import { tf, type Layer, type SymbolicTensor } from '../engine/tf.js'
import { batchNormalizationLayer } from './batchNormalizationLayer.js'
import { dropoutLayer } from './dropoutLayer.js'

const through = (layer: Layer, x: SymbolicTensor | SymbolicTensor[]) => layer.apply(x) as SymbolicTensor

export interface ConvolutionOptions {
  name: string
  filters: number
  size: 1 | 3
  stride?: 1 | 2
  /** Without zeros around: a 3x3 kernel takes a pixel off every side. */
  padding?: 'valid'
}

/**
 * Convolution without bias (normalisation follows), zero padded to keep the size, or half of it, rounded up. A 3x3
 * kernel looks one pixel to all sides, with stride 2 too, as in the published networks. 'same' would pad an even size
 * on the far sides alone: the kernel would sit a pixel off the shortcut's 1x1 kernel.
 */
export function convolution(
  x: SymbolicTensor,
  { name, filters, size, stride = 1, padding }: ConvolutionOptions,
): SymbolicTensor {
  const padded = size === 3 && stride === 2
  const input = padded ? through(tf.layers.zeroPadding2d({ name: `${name}_pad`, padding: 1 }), x) : x
  return through(
    tf.layers.conv2d({
      name,
      filters,
      kernelSize: size,
      strides: stride,
      padding: padded ? 'valid' : (padding ?? 'same'),
      useBias: false,
      kernelInitializer: 'zeros',
    }),
    input,
  )
}

export const normalised = (x: SymbolicTensor, name: string): SymbolicTensor => through(batchNormalizationLayer(name), x)

export const relu = (x: SymbolicTensor, name: string): SymbolicTensor =>
  through(tf.layers.activation({ name, activation: 'relu' }), x)

export const leakyRelu = (x: SymbolicTensor, name: string): SymbolicTensor =>
  through(tf.layers.leakyReLU({ name, alpha: 0.1 }), x)

export const sum = (a: SymbolicTensor, b: SymbolicTensor, name: string): SymbolicTensor =>
  through(tf.layers.add({ name }), [a, b])

/** The largest of each 2x2 pixels; a last odd row or column is left out. */
export const maxPooling = (x: SymbolicTensor, name: string): SymbolicTensor =>
  through(tf.layers.maxPooling2d({ name, poolSize: 2 }), x)

/** Half of all values are zero in training, the others twice what they were. */
export const dropout = (x: SymbolicTensor, name: string): SymbolicTensor => through(dropoutLayer(name, 0.5), x)

/** Global average pooling and a linear layer: `[n, h, w, c]` of any h and w to logits `[n, classes]`. */
export function classifier(x: SymbolicTensor, classes: number): SymbolicTensor {
  const pooled = through(tf.layers.globalAveragePooling2d({ name: 'pool' }), x)
  return classify(pooled, classes)
}

/** A linear layer: `[n, c]` to logits `[n, classes]`. */
export const classify = (x: SymbolicTensor, classes: number): SymbolicTensor =>
  through(tf.layers.dense({ name: networkHead, units: classes, kernelInitializer: 'zeros' }), x)
