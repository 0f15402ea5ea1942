import { describe, expect, it } from 'vitest'
import {
  batchNormalization,
  softmaxCrossEntropy,
  weightedCrossEntropy,
  tf,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@imclr/trainer/engine/testing'
import { stream } from '@imclr/trainer/random/testing'

const random = stream({ seed: 11, name: 'init' })
const normals = (shape: number[], scale = 1) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    shape,
  )

/**
 * Gradients by the tape against central differences of the same function, in float32: h = 1e-2 leaves about 1e-3 of
 * error.
 */
function checkGradients(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): void {
  // A fixed random weighting of the outputs makes one scalar of them, so that no component can hide behind another.
  const weights = normals(f(...inputs).shape)
  const scalar = (...args: Tensor[]) => tf.sum(tf.mul(f(...args), weights)).asScalar()
  const gradients = tf.grads((...args: Tensor[]) => scalar(...args))(inputs)
  inputs.forEach((input, which) => {
    const values = input.dataSync()
    const actual = gradients[which]!.dataSync()
    expect(gradients[which]!.shape).toEqual(input.shape)
    for (let i = 0; i < values.length; i++) {
      const at = (shift: number) => {
        const moved = Float32Array.from(values)
        moved[i]! += shift
        return tf.tidy(
          () =>
            scalar(...inputs.map((other, k) => (k === which ? tf.tensor(moved, input.shape) : other))).dataSync()[0]!,
        )
      }
      const h = 1e-2
      const numeric = (at(h) - at(-h)) / (2 * h)
      expect(
        Math.abs(actual[i]! - numeric),
        `input ${which}, component ${i}: ${actual[i]} against ${numeric}`,
      ).toBeLessThan(5e-3 * (1 + Math.abs(numeric)))
    }
  })
}

// Values away from zero, where ReLU has no derivative.
const awayFromZero = (shape: number[]) =>
  tf.tidy(() => {
    const x = normals(shape)
    return tf.add(x, tf.mul(tf.sign(x), 0.1))
  })

describe('gradients of our kernels against finite differences', () => {
  it('batch normalisation: input, scale and shift', () => {
    const [movingMean, movingVariance] = [tf.zeros([3]) as Tensor1D, tf.ones([3]) as Tensor1D]
    const f = (x: Tensor, gamma: Tensor, beta: Tensor) =>
      batchNormalization({
        x: x as Tensor4D,
        gamma: gamma as Tensor1D,
        beta: beta as Tensor1D,
        movingMean,
        movingVariance,
        epsilon: 1e-3,
        momentum: 0.9,
      }).y
    checkGradients(f, [normals([2, 3, 2, 3], 2), normals([3]), normals([3])])
  })

  it('ReLU and leaky ReLU', () => {
    checkGradients((x) => tf.relu(x), [awayFromZero([2, 3, 2, 2])])
    checkGradients((x) => tf.leakyRelu(x, 0.1), [awayFromZero([2, 3, 2, 2])])
  })

  it('means over some axes, over all, and kept', () => {
    checkGradients((x) => tf.mean(x, [1, 2]), [normals([2, 3, 2, 2])])
    checkGradients((x) => tf.mean(x), [normals([5])])
    checkGradients((x) => tf.mean(x, -1, true), [normals([2, 3])])
  })

  it('softmax cross-entropy of soft labels', () => {
    const labels = tf.softmax(normals([3, 4])) as Tensor2D
    checkGradients((logits) => softmaxCrossEntropy(labels, logits as Tensor2D), [normals([3, 4])])
    expect(() => tf.grad((y: Tensor) => softmaxCrossEntropy(y as Tensor2D, labels))(labels)).toThrow(/labels/)
  })
})

describe('cross-entropy of weighted labels', () => {
  it("has the values and gradients of PyTorch's cross_entropy(weight=) with soft labels", () => {
    // F.cross_entropy(z, y, weight=[0.5, 2, 3]) in float64, PyTorch 2.15: rows, and the gradient of their mean.
    const logits = tf.tensor2d([
      [1, -0.5, 0.25],
      [0.1, 0.7, -1.2],
    ])
    const labels = tf.tensor2d([
      [0.5 * 0.5, 0.5 * 2, 0],
      [0, 0, 3],
    ])
    const near = (values: ArrayLike<number>, expected: number[]) =>
      expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5))
    near(weightedCrossEntropy(labels, logits).dataSync(), [2.15996968, 7.28902502])
    const gradient = tf.grad((z: Tensor) => tf.mean(weightedCrossEntropy(labels, z as Tensor2D)))(logits)
    near(gradient.dataSync(), [0.24362354, -0.41774897, 0.17412543, 0.48470739, 0.88319444, -1.36790183])
    checkGradients((z) => weightedCrossEntropy(labels, z as Tensor2D), [normals([2, 3])])
  })
})

describe('values of our kernels', () => {
  it('batch normalisation: output by the biased variance, moving averages by the unbiased one', () => {
    // One channel, values 1, 2, 3, 6: mean 3, biased variance 14 / 4, unbiased 14 / 3.
    const x = tf.tensor4d([1, 2, 3, 6], [1, 2, 2, 1])
    const result = batchNormalization({
      x,
      gamma: tf.tensor1d([2]),
      beta: tf.tensor1d([0.5]),
      movingMean: tf.tensor1d([10]),
      movingVariance: tf.tensor1d([20]),
      epsilon: 0.5,
      momentum: 0.75,
    })
    const scale = 2 / Math.sqrt(3.5 + 0.5)
    ;[...result.y.dataSync()].forEach((value, i) => expect(value).toBeCloseTo([-2, -1, 0, 3][i]! * scale + 0.5, 5))
    expect(result.movingMean.dataSync()[0]).toBeCloseTo(0.75 * 10 + 0.25 * 3, 5)
    expect(result.movingVariance.dataSync()[0]).toBeCloseTo(0.75 * 20 + 0.25 * (14 / 3), 4)
  })

  it('softmax cross-entropy by hand', () => {
    // softmax([0, ln 3]) = [1/4, 3/4]
    const loss = softmaxCrossEntropy(
      tf.tensor2d([
        [0.5, 0.5],
        [0, 1],
      ]),
      tf.tensor2d([
        [0, Math.log(3)],
        [0, Math.log(3)],
      ]),
    ).dataSync()
    expect(loss[0]).toBeCloseTo(0.5 * Math.log(4) + 0.5 * Math.log(4 / 3), 6)
    expect(loss[1]).toBeCloseTo(Math.log(4 / 3), 6)
  })
})
