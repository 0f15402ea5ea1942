import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { openTraining } from '@imclr/trainer/training/testing'
import { noise } from '../ingest/uploads.js'
import { drawnNetwork } from './drawnNetwork.js'

const [count, side, classes] = [32, 8, 4]
const split = {
  count,
  height: side,
  width: side,
  classes,
  images: noise(1, count * side * side * 3),
  labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
}

function trained(input: TrainingSpecInput, steps = 3) {
  const spec = trainingSpec.parse({ network: 'resnet8', batchSize: 16, ...input })
  const feed = trainingFeed(split, spec)
  const training = openTraining(spec, {
    feed,
    normalisation: { mean: [127, 127, 127], std: [74, 74, 74] },
    ...drawnNetwork(spec, classes),
  })
  for (let step = 0; step < steps; step++) training.run(feed.batch(step, 0), { learningRate: 0.05 })
  const state = new Map(training.readState().map(({ name, values }) => [name, values]))
  training.finish('model')
  const kept = new Map(
    training.network.weights.map((weight) => [weight.originalName, weight.read().dataSync<'float32'>().slice()]),
  )
  training.dispose()
  return { state, kept }
}

describe('the network that a training ends with', () => {
  it('has the weights and moving statistics after the last step', () => {
    const { state, kept } = trained({})
    expect(kept.size).toBeGreaterThan(30)
    for (const [name, values] of kept) expect([name, values]).toEqual([name, state.get(name)])
  })

  it('has their averages, of moving statistics too, where the spec asks for them', () => {
    const { state, kept } = trained({ emaDecay: 0.5 })
    for (const [name, values] of kept) expect([name, values]).toEqual([name, state.get(`average/${name}`)])
    for (const name of ['logits/kernel', 'stem_norm/moving_mean', 'stem_norm/moving_variance'])
      expect(kept.get(name)).not.toEqual(state.get(name))
  })
})
