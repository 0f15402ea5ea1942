import type { SymbolicTensor } from '../engine/tf.js'
import { classifier, convolution, normalised, relu, sum } from './layers.js'

interface ResnetOptions {
  /** Per stage. */
  units: number
  /** Of each stage; every stage but the first halves the size. */
  filters?: readonly number[]
  classes: number
}

/**
 * ResNet for small images (He et al. 2015, "Deep residual learning", section 4.2): a 3x3 stem without pooling, three
 * stages of n units with 16, 32 and 64 filters; 6n+2 layers. Where the shape changes, the shortcut is a 1x1 convolution
 * with normalisation (their option B) in place of zero padding. With four stages of two units and 64 to 512 filters it
 * is their ResNet-18 behind that stem.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function resnet(
  x: SymbolicTensor,
  { units, filters: widths = [16, 32, 64], classes }: ResnetOptions,
): SymbolicTensor {
  let y = relu(
    normalised(convolution(x, { name: 'stem_conv', filters: widths[0]!, size: 3 }), 'stem_norm'),
    'stem_relu',
  )
  for (const [stage, filters] of widths.entries()) {
    for (let unit = 0; unit < units; unit++) {
      y = basicUnit(y, { name: `stage${stage + 1}_unit${unit + 1}`, filters, stride: stage > 0 && unit === 0 ? 2 : 1 })
    }
  }
  return classifier(y, classes)
}

function basicUnit(
  x: SymbolicTensor,
  { name, filters, stride }: { name: string; filters: number; stride: 1 | 2 },
): SymbolicTensor {
  let y = relu(
    normalised(convolution(x, { name: `${name}_conv1`, filters, size: 3, stride }), `${name}_norm1`),
    `${name}_relu1`,
  )
  y = normalised(convolution(y, { name: `${name}_conv2`, filters, size: 3 }), `${name}_norm2`)
  const shortcut =
    stride === 1
      ? x
      : normalised(convolution(x, { name: `${name}_shortcut_conv`, filters, size: 1, stride }), `${name}_shortcut_norm`)
  return relu(sum(y, shortcut, `${name}_sum`), `${name}_relu2`)
}
