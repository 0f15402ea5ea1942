import { readFileSync } from 'node:fs'
import type { NetworkName } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { assignStates, makeStep } from '../../../services/trainer/src/engine/makeStep.js'
import { actsInTrainingOnly } from '../../../services/trainer/src/networks/dropoutLayer.js'
import { joinLayers } from '../../../services/trainer/src/networks/buildNetwork.js'
import { tf, type LayersModel, type Tensor } from '../../../services/trainer/src/tf.js'
import { recorded, training } from '../engine/training.js'

/** Written by test/pytorch/trajectory.py, with the same draws. */
interface Fixture {
  rows: number
  classes: number
  learningRate: number
  cases: { network: NetworkName; height: number; width: number; logits: number[][]; losses: number[]; trainedLogits: number[][] }[]
  /** What larger networks compute. */
  forward: { network: NetworkName; height: number; width: number; logits: number[][] }[]
}
const { rows, classes, learningRate, cases, forward } = JSON.parse(readFileSync(new URL('pytorch.json', import.meta.url), 'utf8')) as Fixture

/** Uniform in [-1, 1): a hash of the name and the place, as in trajectory.py. */
function draws(name: string, count: number): Float64Array {
  let phase = 0
  for (const byte of Buffer.from(name)) phase = (Math.imul(phase, 31) + byte) >>> 0
  return Float64Array.from({ length: count }, (_, place) => {
    let x = (Math.imul(place, 2654435761) + phase) >>> 0
    for (const [shift, factor] of [[16, 2246822519], [13, 3266489917], [16, 668265263]] as const) x = Math.imul(x ^ (x >>> shift), factor) >>> 0
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1
  })
}

const range: Record<string, (fanIn: number) => [base: number, spread: number]> = {
  kernel: (fanIn) => [0, Math.sqrt(6 / fanIn)],
  gamma: () => [1, 0.3],
  beta: () => [0, 0.3],
  moving_mean: () => [0, 0.3],
  moving_variance: () => [1, 0.3],
  bias: () => [0, 0.1],
}

function fill(model: LayersModel): void {
  for (const layer of model.layers.filter((one) => one.weights.length > 0 && !actsInTrainingOnly(one))) {
    const values = layer.weights.map(({ originalName, shape }) => {
      const kind = originalName.split('/').at(-1)!
      const sizes = shape as number[]
      const fanIn = sizes.slice(0, -1).reduce((product, size) => product * size, 1)
      const [base, spread] = layer.name === 'logits' && kind === 'kernel' ? [0, Math.sqrt(3 / fanIn)] : range[kind]!(fanIn)
      const size = sizes.reduce((product, side) => product * side, 1)
      return tf.tensor(Float32Array.from(draws(`${layer.name}/${kind}`, size), (value) => base + spread * value), sizes)
    })
    layer.setWeights(values)
    tf.dispose(values)
  }
}

const size = (logits: number[][]) => Math.max(...logits.flat().map(Math.abs))
const largest = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length)
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value)))
}

const drawImages = (height: number, width: number) => Uint8Array.from(draws('pixels', rows * height * width * 3), (value) => Math.floor((value + 1) * 128))
const infer = (model: LayersModel, images: Uint8Array, shape: readonly [number, number, number, number]) =>
  tf.tidy(() => (model.apply(tf.div(tf.sub(tf.tensor(Float32Array.from(images), [...shape]), 127.5), 64)) as Tensor).dataSync().slice())

describe('with the same weights', () => {
  it.each(forward)('$network on $height x $width images computes as in PyTorch', ({ network, height, width, logits }) => {
    const model = joinLayers({ name: network, classes })
    fill(model)
    // Logits of an untrained network can be of any size: 1e-4 of the largest.
    expect(largest(infer(model, drawImages(height, width), [rows, height, width, 3]), logits.flat()) / size(logits)).toBeLessThan(1e-4)
    model.dispose()
  })

  it.each(cases)('$network on $height x $width images computes and trains as in PyTorch', ({ network, height, width, logits, losses, trainedLogits }) => {
    const shape = [rows, height, width, 3] as const
    using run = training({ network, shape, classes, options: { mean: [127.5, 127.5, 127.5], std: [64, 64, 64] } })
    fill(run.model)
    const images = drawImages(height, width)
    const weights = draws('labels', rows * classes).map((value) => value + 1)
    const labels = Float32Array.from(weights, (value, i) => {
      const row = Math.floor(i / classes) * classes
      return value / weights.subarray(row, row + classes).reduce((sum, one) => sum + one, 0)
    })

    expect(largest(infer(run.model, images, shape), logits.flat()) / size(logits)).toBeLessThan(1e-4)

    const step = makeStep(run.definition, recorded)
    expect(step.fallbackReason).toBeUndefined()
    const measured = losses.map(() => step.step({ images, labels, learningRate: Float32Array.of(learningRate) }).loss![0]!)
    expect(largest(measured, losses), `${measured.join(', ')} for ${losses.join(', ')}`).toBeLessThan(1e-4)
    assignStates(run.definition, step.readVariables())
    step.dispose()
    // Steps magnify rounding.
    expect(largest(infer(run.model, images, shape), trainedLogits.flat()) / size(trainedLogits)).toBeLessThan(3e-3)
  })
})
