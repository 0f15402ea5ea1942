import { describe, expect, it } from 'vitest'
import { jensenShannon } from '@imclr/trainer/training/testing'
import { makeStep, tf, type Tensor2D } from '@imclr/trainer/engine/testing'
import { stream } from '@imclr/trainer/random/testing'
import { batch, eager, losses, recorded, relativeDifference, training } from './training.js'

const [views, images, classes] = [3, 4, 5]
const random = stream({ seed: 6, name: 'init' })
const logits = Float64Array.from({ length: views * images * classes }, () => 2 * random.normal())

const entropy = (p: number[]) => -p.reduce((sum, value) => sum + value * Math.log(value), 0)

/** Its other form, in double precision: entropy of the mean less the mean entropy. */
function divergence(values: ArrayLike<number>): number {
  let sum = 0
  for (let image = 0; image < images; image++) {
    const rows = Array.from({ length: views }, (_, view) => {
      const powers = Array.from({ length: classes }, (_, c) => Math.exp(values[(view * images + image) * classes + c]!))
      const total = powers.reduce((a, b) => a + b)
      return powers.map((power) => power / total)
    })
    const mean = Array.from({ length: classes }, (_, c) => rows.reduce((total, row) => total + row[c]! / views, 0))
    sum += entropy(mean) - rows.reduce((total, row) => total + entropy(row) / views, 0)
  }
  return sum / images
}

const tensor = (values: ArrayLike<number>) => tf.tensor2d(Float32Array.from(values), [views * images, classes])
const ours = (values: ArrayLike<number>) => tf.tidy(() => jensenShannon(tensor(values), views).dataSync()[0]!)

describe('the Jensen-Shannon divergence of three views', () => {
  it('is nothing for equal predictions and ln 3 for three certain, different ones', () => {
    expect(ours(Array.from(logits, (_, i) => logits[i % (images * classes)]!))).toBeCloseTo(0, 6)
    const certain = Array.from(logits, (_, i) => (i % classes === Math.floor(i / (images * classes)) ? 60 : 0))
    expect(ours(certain)).toBeCloseTo(Math.log(3), 5)
  })

  it('is the entropy of the mean less the mean entropy, and its gradient that of finite differences', () => {
    expect(ours(logits)).toBeCloseTo(divergence(logits), 5)
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => jensenShannon(x as Tensor2D, views))(tensor(logits))
        .dataSync(),
    )
    logits.forEach((_, i) => {
      const moved = (by: number) => divergence(logits.map((value, j) => (i === j ? value + by : value)))
      expect(gradient[i]).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 5)
    })
  })
})

describe('a training step with it', () => {
  const shape = [12, 16, 8, 3] as const

  it('has the cross-entropy of the first third plus 12 times the divergence of all as its loss', () => {
    using run = training({ network: 'resnet8', shape, options: { jsd: 12 } })
    const inputs = {
      images: batch(shape).images,
      labels: batch([4, 16, 8, 3]).labels,
      learningRate: Float32Array.of(0),
    }
    const all = tf.tidy(() => run.pass(tf.tensor4d(Float32Array.from(inputs.images), [...shape])).dataSync())
    const { loss } = makeStep(run.definition, eager).step(inputs)
    const rows = Array.from({ length: 12 }, (_, i) => {
      const powers = [...all.subarray(10 * i, 10 * i + 10)].map((value) => Math.exp(value))
      const total = powers.reduce((a, b) => a + b)
      return powers.map((power) => power / total)
    })
    let expected = 0
    for (let i = 0; i < 4; i++) {
      rows[i]!.forEach((p, c) => {
        expected -= (inputs.labels[10 * i + c]! * Math.log(p)) / 4
      })
      const three = [rows[i]!, rows[i + 4]!, rows[i + 8]!]
      const mean = three[0]!.map((_, c) => three.reduce((sum, row) => sum + row[c]! / 3, 0))
      expected += (12 * (entropy(mean) - three.reduce((sum, row) => sum + entropy(row) / 3, 0))) / 4
    }
    expect(loss![0]).toBeCloseTo(expected, 4)
  })

  it.each([recorded, eager])(
    'is the same step as without for three equal views, whose statistics are equal too ($execution)',
    (options) => {
      const one = batch([4, 16, 8, 3])
      using alone = training({ network: 'resnet8', shape: [4, 16, 8, 3] })
      using thrice = training({ network: 'resnet8', shape, options: { jsd: 12 } })
      const [a, b] = [makeStep(alone.definition, options), makeStep(thrice.definition, options)]
      const images = Uint8Array.from([...one.images, ...one.images, ...one.images])
      for (let i = 0; i < 2; i++) {
        const [first, second] = [
          a.step({ ...one, learningRate: Float32Array.of(0.01) }),
          b.step({ images, labels: one.labels, learningRate: Float32Array.of(0.01) }),
        ]
        // The second step shows that the first updated the weights alike.
        expect(second.loss![0]).toBeCloseTo(first.loss![0]!, 3)
      }
      a.dispose()
      b.dispose()
    },
  )

  it('has the same losses recorded and eager, to 5 digits', () => {
    using run = training({ network: 'resnet8', shape, options: { jsd: 12 } })
    expect(
      relativeDifference(
        losses(run.definition, 5, { ...recorded, rate: 1e-3 }),
        losses(run.definition, 5, { ...eager, rate: 1e-3 }),
      ),
    ).toBeLessThan(1e-5)
  })
})
