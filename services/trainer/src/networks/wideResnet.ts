import type { SymbolicTensor } from '../tf.js'
import { classifier, convolution, leakyRelu, normalised, sum } from './residual.js'

/**
 * Wide ResNet (Zagoruyko and Komodakis 2016) of depth 6n+4: pre-activation units (norm, activation, convolution), filters 16k, 32k, 64k.
 * With n = 4, k = 2 and leaky ReLU (slope 0.1) it is the WRN-28-2 of Oliver et al. 2018, which the semi-supervised literature uses.
 * Where the number of filters changes, the activation comes before the shortcut's 1x1 convolution too, as in the authors' code.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function wideResnet(x: SymbolicTensor, { units, width, classes }: { units: number; width: number; classes: number }): SymbolicTensor {
  let y = convolution(x, { name: 'stem_conv', filters: 16, size: 3 })
  for (const [stage, base] of [16, 32, 64].entries()) {
    for (let unit = 0; unit < units; unit++) {
      y = preActivationUnit(y, { name: `stage${stage + 1}_unit${unit + 1}`, filters: base * width, stride: stage > 0 && unit === 0 ? 2 : 1, changes: unit === 0 })
    }
  }
  return classifier(leakyRelu(normalised(y, 'final_norm'), 'final_relu'), classes)
}

interface Unit {
  name: string
  filters: number
  stride: 1 | 2
  /** Whether the number of filters differs from the input's. */
  changes: boolean
}

function preActivationUnit(x: SymbolicTensor, { name, filters, stride, changes }: Unit): SymbolicTensor {
  const active = leakyRelu(normalised(x, `${name}_norm1`), `${name}_relu1`)
  let y = convolution(active, { name: `${name}_conv1`, filters, size: 3, stride })
  y = convolution(leakyRelu(normalised(y, `${name}_norm2`), `${name}_relu2`), { name: `${name}_conv2`, filters, size: 3 })
  const shortcut = changes ? convolution(active, { name: `${name}_shortcut_conv`, filters, size: 1, stride }) : x
  return sum(y, shortcut, `${name}_sum`)
}
