import type { SymbolicTensor } from '../engine/tf.js'
import { classifier, convolution, leakyRelu, normalised, relu, sum } from './layers.js'

interface WideResnetOptions {
  /** n, per stage. */
  units: number
  /** k. */
  width: number
  activation: 'relu' | 'leakyRelu'
  classes: number
}

/**
 * Wide ResNet (Zagoruyko and Komodakis 2016) of depth 6n+4: pre-activation units (norm, activation, convolution),
 * filters 16k, 32k, 64k. With n = 4, k = 2 and leaky ReLU (slope 0.1) in place of ReLU it is the WRN-28-2 of Oliver et
 * al. 2018, which the semi-supervised literature uses. Where the number of filters changes, the activation comes before
 * the shortcut's 1x1 convolution too, as in the authors' code.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function wideResnet(
  x: SymbolicTensor,
  { units, width, activation, classes }: WideResnetOptions,
): SymbolicTensor {
  let y = convolution(x, { name: 'stem_conv', filters: 16, size: 3 })
  for (const [stage, base] of [16, 32, 64].entries()) {
    for (let unit = 0; unit < units; unit++) {
      y = preActivationUnit(y, {
        name: `stage${stage + 1}_unit${unit + 1}`,
        filters: base * width,
        stride: stage > 0 && unit === 0 ? 2 : 1,
        changes: unit === 0,
        activation,
      })
    }
  }
  return classifier(activations[activation](normalised(y, 'final_norm'), 'final_relu'), classes)
}

const activations = { relu, leakyRelu }

interface Unit {
  name: string
  filters: number
  stride: 1 | 2
  /** Whether the number of filters differs from the input's. */
  changes: boolean
  activation: WideResnetOptions['activation']
}

function preActivationUnit(x: SymbolicTensor, { name, filters, stride, changes, activation }: Unit): SymbolicTensor {
  const activate = activations[activation]
  const active = activate(normalised(x, `${name}_norm1`), `${name}_relu1`)
  let y = convolution(active, { name: `${name}_conv1`, filters, size: 3, stride })
  y = convolution(activate(normalised(y, `${name}_norm2`), `${name}_relu2`), {
    name: `${name}_conv2`,
    filters,
    size: 3,
  })
  const shortcut = changes ? convolution(active, { name: `${name}_shortcut_conv`, filters, size: 1, stride }) : x
  return sum(y, shortcut, `${name}_sum`)
}
