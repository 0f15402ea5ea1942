import { readFileSync } from 'node:fs'
import type { NetworkName } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { assignStates, makeStep, tf, type LayersModel, type Tensor } from '@imclr/trainer/engine/testing'
import { joinLayers } from '@imclr/trainer/networks/testing'
import { recorded, training } from '../training/training.js'
import { drawImages, drawLabels, fill, normalisation } from './drawn.js'

/** Written by test/pytorch/trajectory.py, with the same draws. */
interface Fixture {
  rows: number
  classes: number
  learningRate: number
  cases: {
    network: NetworkName
    height: number
    width: number
    logits: number[][]
    losses: number[]
    trainedLogits: number[][]
  }[]
  /** What larger networks compute. */
  forward: { network: NetworkName; height: number; width: number; logits: number[][] }[]
}
const { rows, classes, learningRate, cases, forward } = JSON.parse(
  readFileSync(new URL('pytorch.json', import.meta.url), 'utf8'),
) as Fixture

const size = (logits: number[][]) => Math.max(...logits.flat().map(Math.abs))
const largest = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length)
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value)))
}

const infer = (model: LayersModel, images: Uint8Array, shape: readonly [number, number, number, number]) =>
  tf.tidy(() =>
    (model.apply(tf.div(tf.sub(tf.tensor(Float32Array.from(images), [...shape]), 127.5), 64)) as Tensor)
      .dataSync()
      .slice(),
  )

describe('with the same weights', () => {
  it.each(forward)(
    '$network on $height x $width images computes as in PyTorch',
    ({ network, height, width, logits }) => {
      const model = joinLayers({ name: network, classes })
      fill(model)
      // Logits of an untrained network can be of any size: 1e-4 of the largest.
      expect(
        largest(infer(model, drawImages(rows, height, width), [rows, height, width, 3]), logits.flat()) / size(logits),
      ).toBeLessThan(1e-4)
      model.dispose()
    },
  )

  it.each(cases)(
    '$network on $height x $width images computes and trains as in PyTorch',
    ({ network, height, width, logits, losses, trainedLogits }) => {
      const shape = [rows, height, width, 3] as const
      using run = training({ network, shape, classes, options: normalisation })
      fill(run.model)
      const [images, labels] = [drawImages(rows, height, width), drawLabels(rows, classes)]

      expect(largest(infer(run.model, images, shape), logits.flat()) / size(logits)).toBeLessThan(1e-4)

      const step = makeStep(run.definition, recorded)
      expect(step.fallbackReason).toBeUndefined()
      const measured = losses.map(
        () => step.step({ images, labels, learningRate: Float32Array.of(learningRate) }).loss![0]!,
      )
      expect(largest(measured, losses), `${measured.join(', ')} for ${losses.join(', ')}`).toBeLessThan(1e-4)
      assignStates(run.definition, step.readVariables())
      step.dispose()
      // Steps magnify rounding.
      expect(largest(infer(run.model, images, shape), trainedLogits.flat()) / size(trainedLogits)).toBeLessThan(3e-3)
    },
  )
})
