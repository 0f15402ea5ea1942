import { readFileSync } from 'node:fs'
import { semiSupervised, type NetworkName } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { lossTerms, trainingPass, trainingStep } from '@imclr/trainer/training/testing'
import { makeStep } from '@imclr/trainer/engine/testing'
import { joinLayers } from '@imclr/trainer/networks/testing'
import { drawImages, drawLabels, draws, fill, normalisation } from '../networks/drawn.js'
import { eager, recorded } from './training.js'

/** Of a gradient or statistic: its norm, and its product with the direction that `along/` and its name draw. */
interface Told {
  name: string
  norm: number
  along: number
}
/** Written by test/pytorch/pi_model.py, with the same draws. */
interface Fixture {
  rows: number
  unlabelled: number
  classes: number
  weight: number
  cases: {
    network: NetworkName
    height: number
    width: number
    target: 'detached' | 'attached'
    batch: 'apart' | 'joint'
    loss: number
    supervised: number
    unlabelled: number
    gradients: Told[]
    statistics: Told[]
  }[]
}
const { rows, unlabelled, classes, weight, cases } = JSON.parse(
  readFileSync(new URL('piModel.json', import.meta.url), 'utf8'),
) as Fixture
const rate = 16 // the larger, the less rounding in what a step takes away

interface Allowed {
  /** Of its own norm. */
  own: number
  /** A norm below it is taken for this: gradients that cancel to nothing have no digits to compare. */
  negligible: number
}

/** Norms, and products with drawn directions, agree. */
function expectTold(
  values: ReadonlyMap<string, Float64Array>,
  told: readonly Told[],
  { own: share, negligible }: Allowed,
): void {
  expect([...values.keys()].sort()).toEqual(told.map(({ name }) => name).sort())
  for (const { name, norm, along } of told) {
    const own = values.get(name)!
    const direction = draws(`along/${name}`, own.length)
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0))
    const allowed = share * Math.max(norm, negligible)
    expect(
      Math.abs(Math.sqrt(own.reduce((sum, value) => sum + value * value, 0)) - norm),
      `${name}, norm ${norm}`,
    ).toBeLessThan(allowed)
    expect(
      Math.abs(own.reduce((sum, value, i) => sum + value * direction[i]!, 0) - along),
      `${name}, along ${along}`,
    ).toBeLessThan(allowed * length)
  }
}

describe('one step of the Pi-model', { timeout: 180_000 }, () => {
  it.each(cases)(
    '$network, target $target, batch $batch: losses, gradients and statistics are those of PyTorch',
    ({ network, height, width, target, batch, ...expected }) => {
      const model = joinLayers({ name: network, classes })
      fill(model)
      const pass = trainingPass({ model, ...normalisation })
      const method = semiSupervised.parse({ method: 'pi-model', target, batch })
      const definition = trainingStep({
        model,
        optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
        weightDecay: 0,
        decay: 'all',
        clipNorm: null,
        emaDecay: null,
        terms: lossTerms({
          supervised: { pass, shape: [rows, height, width, 3], classes },
          unlabelled: { method, teacher: null, shape: [unlabelled, height, width, 3] },
        }),
      })
      for (const options of [recorded, eager]) {
        const step = makeStep(definition, options)
        const before = step.readVariables()
        const results = step.step({
          images: drawImages(rows, height, width),
          labels: drawLabels(rows, classes),
          view1: drawImages(unlabelled, height, width, 'view1'),
          view2: drawImages(unlabelled, height, width, 'view2'),
          unlabelledWeight: Float32Array.of(weight),
          learningRate: Float32Array.of(rate),
        })
        for (const name of ['loss', 'supervised', 'unlabelled'] as const)
          expect(Math.abs(results[name]![0]! / expected[name] - 1), name).toBeLessThan(1e-4)
        const after = step.readVariables().slice(definition.weights.start, definition.weights.count)
        const statistics = after.filter(({ name }) => name.includes('/moving_'))
        expectTold(
          new Map(statistics.map(({ name, values }) => [name, Float64Array.from(values)])),
          expected.statistics,
          { own: 1e-4, negligible: 0 },
        )
        const gradients = after.flatMap(({ name, values }, i) =>
          name.includes('/moving_')
            ? []
            : [[name, Float64Array.from(values, (value, at) => (before[i]!.values[at]! - value) / rate)] as const],
        )
        const whole = Math.sqrt(expected.gradients.reduce((sum, { norm }) => sum + norm * norm, 0))
        if (network === 'resnet8')
          expectTold(new Map(gradients), expected.gradients, { own: 1e-4, negligible: whole / 100 })
        else {
          // Of WRN-28-2's million activations some lie so near to zero that rounding decides on which side of leaky
          // ReLU's bend: noise of 1e-6 in PyTorch itself moves single gradients by 2e-3 of their norm, and by 1e-4 of
          // that of all.
          expectTold(new Map(gradients), expected.gradients, { own: 5e-3, negligible: whole / 100 })
          expectTold(new Map(gradients), expected.gradients, { own: 3e-4, negligible: whole })
        }
        step.dispose()
      }
      definition.dispose()
      model.dispose()
    },
  )
})
