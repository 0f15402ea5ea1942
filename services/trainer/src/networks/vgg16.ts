import type { SymbolicTensor } from '../engine/tf.js'
import { classifier, convolution, maxPooling, normalised, relu } from './layers.js'

const stages = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
]

/**
 * VGG16 (Simonyan and Zisserman 2015, configuration D) with batch normalisation, in the form for small images: thirteen
 * 3x3 convolutions, pooled after each stage, then the mean over the image and one linear layer in place of three.
 *
 * @param x images `[n, h, w, 3]`, normalised
 * @returns logits `[n, classes]`
 */
export function vgg16(x: SymbolicTensor, { classes }: { classes: number }): SymbolicTensor {
  let y = x
  for (const [stage, convolutions] of stages.entries()) {
    for (const [index, filters] of convolutions.entries()) {
      const name = `stage${stage + 1}_${index + 1}`
      y = relu(normalised(convolution(y, { name: `${name}_conv`, filters, size: 3 }), `${name}_norm`), `${name}_relu`)
    }
    y = maxPooling(y, `stage${stage + 1}_pool`)
  }
  return classifier(y, classes)
}
