import { trainingSpec, type Normalisation } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { buildNetwork, freezeLayers } from '@imclr/trainer/networks/testing'
import { openTraining, type Training, stepScalars } from '@imclr/trainer/training/testing'
import { stream } from '@imclr/trainer/random/testing'
import { drawnNetwork } from './drawnNetwork.js'

const random = stream({ seed: 3, name: 'init' })
const split = {
  count: 16,
  height: 8,
  width: 8,
  classes: 4,
  images: Uint8Array.from({ length: 16 * 192 }, () => random.int(256)),
  labels: Uint16Array.from({ length: 16 }, (_, i) => i % 4),
}

describe.each([
  ['graph', 'adam', 'height'],
  ['eager', 'sgd', 'width'],
  ['graph', 'sgd', 'random'],
] as const)('a training of %s steps by %s, stacked along %s', { timeout: 180_000 }, (execution, kind, axis) => {
  const spec = trainingSpec.parse({
    network: 'resnet8',
    batchSize: 16,
    epochs: 6,
    learningRate: 0.01,
    emaDecay: 0.5,
    execution,
    optimizer: { kind },
    stacking: { axis },
  })
  const feed = trainingFeed(split, spec)
  const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
  const open = () =>
    openTraining(spec, {
      feed,
      normalisation: { mean: [128, 128, 128], std: [64, 64, 64] },
      ...drawnNetwork(spec, feed.classes),
    })
  const steps = (training: Training, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => training.run(feed.batch(from + i, 0), scalarsOf(from + i)).loss)
  const weightsOf = ({ network }: Training) => network.getWeights().map((weight) => [...weight.dataSync()])

  it('lends its weights without changing the steps after; ends with the kept weights, also from a restored state', async () => {
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

  it('runs steps of both shapes if the axis is random, and of no other', () => {
    const sizes = [0, 1, 2, 3, 4, 5].map((epoch) => feed.batch(epoch, 0).size)
    expect(new Set(sizes)).toEqual(axis === 'random' ? new Set([0, 1]) : new Set([0]))
  })

  it('refuses the state of another training', () => {
    const training = open()
    const state = training.readState()
    expect(() => training.writeState(state.slice(1))).toThrow(RangeError)
    training.dispose()
  })
})

describe('a training with unlabelled images', { timeout: 180_000 }, () => {
  const normalisation: Normalisation = { mean: [128, 128, 128], std: [64, 64, 64] }
  const unlabelled = {
    count: 20,
    height: 8,
    width: 8,
    images: Uint8Array.from({ length: 20 * 192 }, () => random.int(256)),
  }

  it.each([
    ['pi-model', { method: 'pi-model' }],
    ['pi-model in a joint batch', { method: 'pi-model', target: 'attached', batch: 'joint' }],
    ['mean-teacher', { method: 'mean-teacher' }],
    ['pi-model of single images', { method: 'pi-model', stackUnlabelled: false }],
  ] as const)('stacked along either axis, loses recorded what it loses eagerly: %s', (_, semiSupervised) => {
    const losses = (['graph', 'eager'] as const).map((execution) => {
      const spec = trainingSpec.parse({
        network: 'resnet8',
        batchSize: 16,
        epochs: 6,
        learningRate: 0.002,
        emaDecay: 0.5,
        execution,
        stacking: { axis: 'random' },
        semiSupervised,
      })
      const feed = trainingFeed({ ...split, unlabelled }, spec)
      const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
      const training = openTraining(spec, { feed, normalisation, ...drawnNetwork(spec, feed.classes) })
      expect([training.execution, training.fallbackReason]).toEqual([execution, undefined])
      const found = [0, 1, 2, 3, 4, 5].map((epoch) => {
        const batch = feed.batch(epoch, 0)
        return { size: batch.size, ...training.run(batch, scalarsOf(epoch)) }
      })
      training.dispose()
      return found
    })
    const [fast, slow] = losses as [(typeof losses)[0], (typeof losses)[0]]
    expect(new Set(fast.map(({ size }) => size))).toEqual(new Set([0, 1]))
    fast.forEach(({ loss, unlabelled: term }, i) => {
      expect(loss / slow[i]!.loss).toBeCloseTo(1, 4)
      expect(term!.term / slow[i]!.unlabelled!.term).toBeCloseTo(1, 2.5)
    })
  })

  it('has a teacher of the same form, frozen where the network is, that begins with its weights and follows them', async () => {
    const spec = trainingSpec.parse({
      network: 'resnet8',
      mode: 'baseline',
      batchSize: 16,
      epochs: 3,
      learningRate: 0.01,
      emaDecay: 0.75,
      augment: [],
      semiSupervised: { method: 'mean-teacher' },
    })
    const cloneArchitecture = (seed: number) => {
      const twin = buildNetwork({ name: 'resnet8', classes: 4, seed })
      freezeLayers(twin, ['stem*', 'stage1*'])
      return twin
    }
    const feed = trainingFeed({ ...split, unlabelled }, spec)
    const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
    const training = openTraining(spec, { feed, normalisation, network: cloneArchitecture(1), cloneArchitecture })
    const stateOf = () => new Map(training.readState().map(({ name, values }) => [name, [...values]]))
    const names = training.network.weights.map(({ originalName }) => originalName)
    const before = stateOf()
    for (const name of names) expect([name, before.get(`average/${name}`)]).toEqual([name, before.get(name)])
    // Both views are the images as they are: who has the same weights answers alike.
    expect(training.run(feed.batch(0, 0), scalarsOf(0)).unlabelled!.term).toBe(0)
    const after = stateOf()
    for (const name of names) {
      const frozen = /^(stem|stage1)/.test(name)
      expect([name, after.get(name)!.join() === before.get(name)!.join()]).toEqual([name, frozen])
      after
        .get(`average/${name}`)!
        .forEach((value, i) => expect(value).toBeCloseTo(0.75 * before.get(name)![i]! + 0.25 * after.get(name)![i]!, 5))
    }
    expect(training.run(feed.batch(1, 0), scalarsOf(1)).unlabelled!.term).toBeGreaterThan(0)
    training.dispose()
  })
})
