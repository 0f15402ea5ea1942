import type { SymbolicTensor } from '../tf.js'
import { classifier, convolution, normalised, relu, sum } from './residual.js'

/**
 * ResNet for small images (He et al. 2015, "Deep residual learning", section 4.2): a 3x3 stem, three stages of n units with 16, 32 and
 * 64 filters, the latter two halving the size; 6n+2 layers. Where the shape changes, the shortcut is a 1x1 convolution with
 * normalisation (their option B) in place of zero padding.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function resnet(x: SymbolicTensor, { units, classes }: { units: number; classes: number }): SymbolicTensor {
  let y = relu(normalised(convolution(x, { name: 'stem_conv', filters: 16, size: 3 }), 'stem_norm'), 'stem_relu')
  for (const [stage, filters] of [16, 32, 64].entries()) {
    for (let unit = 0; unit < units; unit++) {
      y = basicUnit(y, { name: `stage${stage + 1}_unit${unit + 1}`, filters, stride: stage > 0 && unit === 0 ? 2 : 1 })
    }
  }
  return classifier(y, classes)
}

function basicUnit(x: SymbolicTensor, { name, filters, stride }: { name: string; filters: number; stride: 1 | 2 }): SymbolicTensor {
  let y = relu(normalised(convolution(x, { name: `${name}_conv1`, filters, size: 3, stride }), `${name}_norm1`), `${name}_relu1`)
  y = normalised(convolution(y, { name: `${name}_conv2`, filters, size: 3 }), `${name}_norm2`)
  const shortcut = stride === 1 ? x : normalised(convolution(x, { name: `${name}_shortcut_conv`, filters, size: 1, stride }), `${name}_shortcut_norm`)
  return relu(sum(y, shortcut, `${name}_sum`), `${name}_relu2`)
}
