import { semiSupervised, type SemiSupervised } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { makeStep, type StepOptions, type VariableState } from '../../../services/trainer/src/engine/makeStep.js'
import { supervisedLoss } from '../../../services/trainer/src/engine/supervisedLoss.js'
import { trainingPass } from '../../../services/trainer/src/engine/trainingPass.js'
import { trainingStep } from '../../../services/trainer/src/engine/trainingStep.js'
import { unlabelledLoss } from '../../../services/trainer/src/engine/unlabelledLoss.js'
import { buildNetwork } from '../../../services/trainer/src/networks/buildNetwork.js'
import { tf, type Tensor4D, type Variable } from '../../../services/trainer/src/tf.js'
import { batch, eager, recorded, relativeDifference } from './training.js'

const shape = [8, 16, 8, 3] as const
const classes = 10
const normalisation = { mean: [120, 118, 110], std: [60, 61, 66] } as const
const network = () => buildNetwork({ name: 'resnet8', classes, seed: 3 })
const isStatistic = ({ name }: { name: string }) => /moving_(mean|variance)$/.test(name)

/** A step on labelled and unlabelled images, or on the latter alone; plain gradient descent, so that a step is its gradient. */
function open(method: SemiSupervised | null, options: StepOptions, { alone = false } = {}) {
  const model = network()
  const teacher = method?.method === 'mean-teacher' ? network() : undefined
  const pass = trainingPass({ model, ...normalisation })
  const supervised = alone ? [] : [supervisedLoss({ pass, shape, classes })]
  const unlabelled = method ? [unlabelledLoss(method, { pass, teacher: teacher ? trainingPass({ model: teacher, ...normalisation }) : null, shape, classes })] : []
  const definition = trainingStep({
    model, teacher, terms: [...supervised, ...unlabelled],
    optimizer: { kind: 'sgd', momentum: 0, nesterov: false }, weightDecay: 0, decay: 'all', clipNorm: null, emaDecay: teacher ? 0.9 : null,
  })
  const step = makeStep(definition, options)
  expect(step.fallbackReason).toBeUndefined()
  const views = { view1: batch(shape, 11).images, view2: batch(shape, 12).images }
  return {
    model, definition, step, pass, views,
    run: (index: number, { weight = 1, rate = 0.05 } = {}) =>
      step.step({ ...batch(shape, index), ...views, unlabelledWeight: Float32Array.of(weight), learningRate: Float32Array.of(rate) }),
    [Symbol.dispose]() {
      step.dispose()
      definition.dispose()
      teacher?.dispose()
      model.dispose()
    },
  }
}

const pi = semiSupervised.parse({ method: 'pi-model' })
const attached = semiSupervised.parse({ method: 'pi-model', target: 'attached' })
const teacher = semiSupervised.parse({ method: 'mean-teacher' })
const pseudo = semiSupervised.parse({ method: 'pseudo-label', threshold: 0.15 })

const values = (states: readonly VariableState[]) => states.flatMap((state) => [...state.values])
const moved = (states: readonly VariableState[], by: number, along: number[]): VariableState[] => {
  let at = 0
  return states.map((state) => ({ ...state, values: state.values.map((value) => value + by * along[at++]!) }))
}
/** Probabilities `[n][classes]` in training, by weights and statistics of the batch. */
function probabilities(images: Uint8Array, states: readonly VariableState[]): number[][] {
  const model = network()
  const result = tf.tidy(() => {
    model.weights.forEach((weight, i) => (weight.read() as Variable).assign(tf.tensor(states[i]!.values, states[i]!.shape)))
    const pixels = tf.tensor4d(Float32Array.from(images), [...shape])
    return tf.softmax(trainingPass({ model, ...normalisation })(pixels as Tensor4D, 'frozen')).arraySync() as number[][]
  })
  model.dispose()
  return result
}
const meanSquare = (a: number[][], b: number[][]) => a.reduce((sum, row, i) => sum + row.reduce((s, p, c) => s + (p - b[i]![c]!) ** 2, 0), 0) / (a.length * classes)

describe('the consistency term', { timeout: 300_000 }, () => {
  /** The gradient, from what one step at a rate of one takes from the weights. */
  function gradientOf(method: SemiSupervised) {
    using made = open(method, eager, { alone: true })
    const before = made.step.readVariables().slice(0, made.definition.weights.count)
    const { loss } = made.run(0, { rate: 1 })
    const after = values(made.step.readVariables().slice(0, made.definition.weights.count))
    return { before, loss: loss![0]!, gradient: values(before).map((value, i) => value - after[i]!) }
  }
  /** Its derivative along a direction by differences of two-sided steps, the second view answered as `target` says. */
  const differences = (before: VariableState[], along: number[], target: 'moving' | 'fixed') => {
    const { view1, view2 } = { view1: batch(shape, 11).images, view2: batch(shape, 12).images }
    const at = (by: number) => {
      const states = moved(before, by, along)
      return meanSquare(probabilities(view1, states), probabilities(view2, target === 'moving' ? states : before))
    }
    const h = 0.01
    return (at(h) - at(-h)) / (2 * h)
  }

  it('is the mean squared difference of probabilities, and has the gradient of finite differences: through both views, or the first alone', () => {
    const [both, first, ofTeacher] = [gradientOf(attached), gradientOf(pi), gradientOf(teacher)]
    const { before } = both
    const expected = meanSquare(probabilities(batch(shape, 11).images, before), probabilities(batch(shape, 12).images, before))
    for (const { loss } of [both, first, ofTeacher]) expect(loss).toBeCloseTo(expected, 6)
    const norm = (gradient: number[]) => Math.hypot(...gradient)
    const unit = (gradient: number[]) => gradient.map((g) => g / norm(gradient))
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
    for (const [{ gradient }, target] of [[both, 'moving'], [first, 'fixed']] as const) {
      for (const along of [unit(both.gradient), unit(first.gradient)]) {
        expect(dot(gradient, along) / differences(before, along, target)).toBeCloseTo(1, 1.5)
      }
    }
    // A teacher begins with the student's weights.
    expect(dot(unit(ofTeacher.gradient), unit(first.gradient))).toBeCloseTo(1, 5)
    expect(dot(unit(both.gradient), unit(first.gradient))).toBeLessThan(0.99)
  })

  it('is added with its weight, and told without', () => {
    using made = open(pi, recorded)
    const { loss, supervised, unlabelled } = made.run(0, { weight: 7, rate: 0 })
    expect(loss![0]).toBeCloseTo(supervised![0]! + 7 * unlabelled![0]!, 5)
    expect(unlabelled![0]).toBeGreaterThan(1e-4)
    const none = made.run(0, { weight: 0, rate: 0 })
    expect([none.loss![0], none.unlabelled![0]]).toEqual([supervised![0], unlabelled![0]])
  })

  it('of a mean teacher takes the averaged weights for the second view', () => {
    using made = open(teacher, recorded)
    const { start, count } = made.definition.averages!
    for (let index = 0; index < 3; index++) made.run(index, { rate: 0.2 })
    const state = made.step.readVariables()
    const [student, average] = [state.slice(0, count), state.slice(start, start + count)]
    const answers = probabilities(made.views.view1, student)
    const expected = meanSquare(answers, probabilities(made.views.view2, average))
    expect(made.run(0, { rate: 0 }).unlabelled![0]! / expected).toBeCloseTo(1, 3)
    expect(Math.abs(meanSquare(answers, probabilities(made.views.view2, student)) / expected - 1)).toBeGreaterThan(0.01)
  })
})

describe('the pseudo-label term', { timeout: 180_000 }, () => {
  it('is the cross-entropy with the likeliest class of those that are sure enough, over all', () => {
    using made = open(pseudo, recorded)
    const state = made.step.readVariables().slice(0, made.definition.weights.count)
    const likeliest = probabilities(made.views.view1, state).map((row) => Math.max(...row))
    const sorted = [...likeliest].sort((a, b) => a - b)
    const threshold = (sorted[2]! + sorted[3]!) / 2 // three of eight are below
    using other = open(semiSupervised.parse({ method: 'pseudo-label', threshold }), recorded)
    const { unlabelled, counted } = other.run(0, { rate: 0 })
    expect(counted![0]).toBeCloseTo(5 / 8, 6)
    expect(unlabelled![0]).toBeCloseTo(likeliest.filter((p) => p > threshold).reduce((sum, p) => sum - Math.log(p), 0) / 8, 4)
  })
})

describe.each([['pi-model', pi], ['pi-model through both views', attached], ['mean-teacher', teacher], ['pseudo-label', pseudo]] as const)('%s', (_, method) => {
  it('loses recorded what it loses eagerly, over 5 steps', { timeout: 180_000 }, () => {
    const losses = (options: StepOptions) => {
      using made = open(method, options)
      return [0, 1, 2, 3, 4].map((index) => {
        const { loss, unlabelled } = made.run(index, { weight: 2 * index, rate: 2e-3 })
        return [loss![0]!, unlabelled![0]!]
      })
    }
    const [fast, slow] = [losses(recorded), losses(eager)]
    expect(relativeDifference(fast.map(([loss]) => loss!), slow.map(([loss]) => loss!))).toBeLessThan(1e-5)
    expect(relativeDifference(fast.map(([, term]) => term!), slow.map(([, term]) => term!))).toBeLessThan(1e-3)
  })

  it('moves the weights, and leaves the moving statistics as the labelled images alone leave them', { timeout: 180_000 }, () => {
    const after = (which: SemiSupervised | null, options: StepOptions) => {
      using made = open(which, options)
      made.run(0, { weight: 10 })
      const state = made.step.readVariables().slice(0, made.definition.weights.count)
      return { statistics: values(state.filter(isStatistic)), weights: values(state.filter((one) => !isStatistic(one))) }
    }
    for (const options of [recorded, eager]) {
      const [without, together] = [after(null, options), after(method, options)]
      expect(together.statistics).toEqual(without.statistics)
      expect(together.weights).not.toEqual(without.weights)
    }
  })
})

