import type { SymbolicTensor } from '../engine/tf.js'
import { classifier, convolution, dropout, leakyRelu, maxPooling, normalised } from './layers.js'

/**
 * The network of Laine and Aila 2017 ("Temporal ensembling", table 5), known as Conv-Large: nine convolutions with
 * leaky ReLU (slope 0.1), two times pooled and dropped out. Batch normalisation stands in for their weight
 * normalisation with mean-only batch normalisation; their Gaussian noise on the input belongs to augmentation here.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function convLarge(x: SymbolicTensor, { classes }: { classes: number }): SymbolicTensor {
  let y = x
  for (const [stage, filters] of [128, 256].entries()) {
    for (let index = 1; index <= 3; index++) y = block(y, { name: `stage${stage + 1}_${index}`, filters, size: 3 })
    y = dropout(maxPooling(y, `stage${stage + 1}_pool`), `stage${stage + 1}_dropout`)
  }
  y = block(y, { name: 'stage3_1', filters: 512, size: 3, padding: 'valid' })
  y = block(y, { name: 'stage3_2', filters: 256, size: 1 })
  return classifier(block(y, { name: 'stage3_3', filters: 128, size: 1 }), classes)
}

function block(
  x: SymbolicTensor,
  { name, ...options }: { name: string; filters: number; size: 1 | 3; padding?: 'valid' },
): SymbolicTensor {
  return leakyRelu(normalised(convolution(x, { name: `${name}_conv`, ...options }), `${name}_norm`), `${name}_relu`)
}
