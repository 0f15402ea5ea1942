import { trainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed } from '../../../services/trainer/src/data/feed.js'
import { openTraining, type Training } from '../../../services/trainer/src/openTraining.js'
import { stepScalars } from '../../../services/trainer/src/optimizer/stepScalars.js'
import { stream } from '../../../services/trainer/src/random/stream.js'

const random = stream({ seed: 3, name: 'init' })
const split = {
  count: 16, height: 8, width: 8, classes: 4,
  images: Uint8Array.from({ length: 16 * 192 }, () => random.int(256)),
  labels: Uint16Array.from({ length: 16 }, (_, i) => i % 4),
}

describe.each([['recorded', 'adam', 'height'], ['eager', 'sgd', 'width'], ['recorded', 'sgd', 'random']] as const)('a training of %s steps by %s, stacked along %s', { timeout: 180_000 }, (execution, kind, axis) => {
  const spec = trainingSpec.parse({ network: 'resnet8', batchSize: 16, epochs: 6, learningRate: 0.01, emaDecay: 0.5, execution, optimizer: { kind }, stacking: { axis } })
  const feed = trainingFeed(split, spec)
  const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
  const open = () => openTraining(spec, { feed, normalisation: { mean: [128, 128, 128], std: [64, 64, 64] } })
  const steps = (training: Training, from: number, to: number) => Array.from({ length: to - from }, (_, i) => training.run(feed.batch(from + i, 0), scalarsOf(from + i)).loss)
  const weightsOf = ({ network }: Training) => network.getWeights().map((weight) => [...weight.dataSync()])

  it('lends its weights and goes on as if nothing had been; ends with those it kept, also after its state was written and read', async () => {
    const [plain, lending, later] = [open(), open(), open()]
    const expected = [...steps(plain, 0, 2), ...steps(plain, 2, 4)]
    const losses = steps(lending, 0, 2)
    const model = await lending.withWeights('model', async () => weightsOf(lending))
    const raw = await lending.withWeights('raw', async () => weightsOf(lending))
    expect(raw).not.toEqual(model)
    lending.keep()
    losses.push(...steps(lending, 2, 4))
    expect(losses).toEqual(expected)

    later.writeState(lending.readState())
    expect(await later.withWeights('raw', async () => weightsOf(later))).not.toEqual(raw)
    expect(steps(later, 4, 6)).toEqual(steps(plain, 4, 6))
    for (const training of [lending, later]) {
      training.finish('raw')
      expect(weightsOf(training)).toEqual(raw)
      training.finish('model')
      expect(weightsOf(training)).toEqual(model)
    }
    // Nothing kept: the present weights.
    plain.finish('model')
    const [averaged] = weightsOf(plain)
    plain.finish('raw')
    expect(weightsOf(plain)[0]).not.toEqual(averaged)
    for (const training of [plain, lending, later]) training.dispose()
  })

  it('runs both kinds of steps where the axis is random, and no others', () => {
    const sizes = [0, 1, 2, 3, 4, 5].map((epoch) => feed.batch(epoch, 0).size)
    expect(new Set(sizes)).toEqual(axis === 'random' ? new Set([0, 1]) : new Set([0]))
  })

  it('does not take the state of another', () => {
    const training = open()
    const state = training.readState()
    expect(() => training.writeState(state.slice(1))).toThrow(RangeError)
    training.dispose()
  })
})
