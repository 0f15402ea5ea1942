import { expect, it } from 'vitest'
import {
  batchNormalizationLayer,
  initialiseWeights,
  classifier,
  convolution,
  relu,
} from '@imclr/trainer/networks/testing'
import { stream } from '@imclr/trainer/random/testing'
import { tf, type SymbolicTensor, type Tensor, type Tensor4D } from '@imclr/trainer/engine/testing'

/**
 * Pixels see only themselves in a network of 1x1 kernels with fixed statistics, and the head is linear in their mean.
 */
it.each([
  ['height', 1],
  ['width', 2],
] as const)(
  'logits(x stacked y along %s) is the mean of logits(x) and logits(y) on a network of 1x1 kernels',
  (_, axis) => {
    const images = tf.input({ shape: [null, null, 3] })
    const hidden = batchNormalizationLayer('norm').apply(
      convolution(images, { name: 'conv', filters: 8, size: 1 }),
    ) as SymbolicTensor
    const model = tf.model({ inputs: images, outputs: classifier(relu(hidden, 'relu'), 5) })
    initialiseWeights(model, 1)
    const random = stream({ seed: 2, name: 'augment' })
    const draw = () => tf.tensor4d(Float32Array.from({ length: 4 * 6 * 6 * 3 }, random.normal), [4, 6, 6, 3])
    const [x, y] = [draw(), draw()]
    const logits = (input: Tensor4D) => (model.apply(input, { training: false }) as Tensor).dataSync()
    const [a, b, stacked] = [logits(x), logits(y), logits(tf.concat([x, y], axis))]
    expect(Math.max(...stacked.map(Math.abs))).toBeGreaterThan(0.1)
    stacked.forEach((value, i) => expect(value).toBeCloseTo((a[i]! + b[i]!) / 2, 5))
    // And an image stacked with itself is the image.
    logits(tf.concat([x, x], axis)).forEach((value, i) => expect(value).toBeCloseTo(a[i]!, 5))
  },
)
