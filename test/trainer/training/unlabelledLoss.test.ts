import { semiSupervised, type NetworkName, type SemiSupervised } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { lossTerms, trainingPass, trainingStep } from '@imclr/trainer/training/testing'
import { makeStep, type StepOptions, type VariableState, tf, type Variable } from '@imclr/trainer/engine/testing'
import { buildNetwork } from '@imclr/trainer/networks/testing'
import { batch, eager, recorded, relativeDifference } from './training.js'

const shape = [8, 16, 12, 3] as const
const classes = 10
const normalisation = { mean: [120, 118, 110], std: [60, 61, 66] } as const
const network = (name: NetworkName = 'resnet8', seed = 3) => buildNetwork({ name, classes, seed })
const [view1, view2] = [batch(shape, 11).images, batch(shape, 12).images]
const isStatistic = ({ name }: { name: string }) => /moving_(mean|variance)$/.test(name)

/** A step on labelled and unlabelled images; plain gradient descent, so that a step is its gradient. */
function open(method: SemiSupervised | null, options: StepOptions, name: NetworkName = 'resnet8') {
  const model = network(name)
  const teacher = method?.method === 'mean-teacher' ? network(name, 4) : null
  const pass = trainingPass({ model, ...normalisation })
  const terms = lossTerms({
    supervised: { pass, shape, classes },
    unlabelled: method && { method, teacher: teacher && trainingPass({ model: teacher, ...normalisation }), shape },
  })
  const definition = trainingStep({
    model,
    teacher,
    terms,
    optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
    weightDecay: 0,
    decay: 'all',
    clipNorm: null,
    emaDecay: teacher ? 0.9 : null,
  })
  const step = makeStep(definition, options)
  expect(step.fallbackReason).toBeUndefined()
  return {
    definition,
    step,
    weights: () => step.readVariables().slice(0, definition.weights.count),
    run: (index: number, { weight = 1, rate = 0.05 } = {}) =>
      step.step({
        ...batch(shape, index),
        ...(method && {
          view1,
          ...(method.method !== 'pseudo-label' && { view2 }),
          unlabelledWeight: Float32Array.of(weight),
        }),
        learningRate: Float32Array.of(rate),
      }),
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
const joint = semiSupervised.parse({ method: 'pi-model', target: 'attached', batch: 'joint' })
const teacher = semiSupervised.parse({ method: 'mean-teacher' })
const pseudo = semiSupervised.parse({ method: 'pseudo-label', threshold: 0.15 })

const values = (states: readonly VariableState[]) => states.flatMap((state) => [...state.values])
const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
function unit(direction: number[]): number[] {
  const norm = Math.sqrt(dot(direction, direction))
  return direction.map((value) => value / norm)
}
/** The trained weights, moved along a direction that has an entry for each of their values. */
const moved = (states: readonly VariableState[], by: number, along: number[]): VariableState[] => {
  let at = 0
  return states.map((state) =>
    isStatistic(state) ? state : { ...state, values: state.values.map((value) => value + by * along[at++]!) },
  )
}
/** Probabilities `[n][classes]` in training, by weights and statistics of the batch. */
function probabilitiesOf({
  images,
  rows,
  states,
}: {
  images: Uint8Array
  rows: number
  states: readonly VariableState[]
}): number[][] {
  const model = network()
  const result = tf.tidy(() => {
    model.weights.forEach((weight, i) =>
      (weight.read() as Variable).assign(tf.tensor(states[i]!.values, states[i]!.shape)),
    )
    const pixels = tf.tensor4d(Float32Array.from(images), [rows, shape[1], shape[2], 3])
    return tf.softmax(trainingPass({ model, ...normalisation })(pixels, 'frozen')).arraySync()
  })
  model.dispose()
  return result
}
const probabilities = (images: Uint8Array, states: readonly VariableState[]) =>
  probabilitiesOf({ images, rows: shape[0], states })
const together16 = (a: Uint8Array, b: Uint8Array) => ({ images: Uint8Array.from([...a, ...b]), rows: 2 * shape[0] })
const meanSquare = (a: number[][], b: number[][]) =>
  a.reduce((sum, row, i) => sum + row.reduce((s, p, c) => s + (p - b[i]![c]!) ** 2, 0), 0) / (a.length * classes)

describe('the consistency term', { timeout: 300_000 }, () => {
  /** Its gradient: what a step with it takes from the weights beyond what a step without its weight does. */
  function gradientOf(method: SemiSupervised) {
    const after = (weight: number) => {
      using made = open(method, eager)
      const before = made.weights()
      const { unlabelled } = made.run(0, { rate: 1, weight })
      return { before, term: unlabelled![0]!, weights: values(made.weights().filter((state) => !isStatistic(state))) }
    }
    const [whole, none] = [after(1), after(0)]
    return {
      before: whole.before,
      term: whole.term,
      gradient: none.weights.map((value, i) => value - whole.weights[i]!),
    }
  }
  /** Its derivative along a direction by differences of two-sided steps, the second view answered as `target` says. */
  const differences = (before: VariableState[], along: number[], target: 'moving' | 'fixed') => {
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
    const expected = meanSquare(probabilities(view1, before), probabilities(view2, before))
    for (const { term } of [both, first, ofTeacher]) expect(term).toBeCloseTo(expected, 6)
    for (const [{ gradient }, target] of [
      [both, 'moving'],
      [first, 'fixed'],
    ] as const) {
      for (const along of [unit(both.gradient), unit(first.gradient)]) {
        expect(dot(gradient, along) / differences(before, along, target)).toBeCloseTo(1, 1.5)
      }
    }
    // A teacher begins with the student's weights.
    expect(dot(unit(ofTeacher.gradient), unit(first.gradient))).toBeCloseTo(1, 5)
    expect(dot(unit(both.gradient), unit(first.gradient))).toBeLessThan(0.99)
  })

  it('is added with its weight, and reported without it', () => {
    for (const method of [pi, joint]) {
      using made = open(method, recorded)
      const { loss, supervised, unlabelled } = made.run(0, { weight: 7, rate: 0 })
      expect(loss![0]).toBeCloseTo(supervised![0]! + 7 * unlabelled![0]!, 5)
      expect(unlabelled![0]).toBeGreaterThan(1e-4)
      const none = made.run(0, { weight: 0, rate: 0 })
      expect([none.loss![0], none.unlabelled![0]]).toEqual([supervised![0], unlabelled![0]])
    }
  })

  it('of a mean teacher takes the averaged weights for the second view', () => {
    using made = open(teacher, recorded)
    const { start, count } = made.definition.averages!
    for (let index = 0; index < 3; index++) made.run(index, { rate: 0.2 })
    const state = made.step.readVariables()
    const [student, average] = [state.slice(0, count), state.slice(start, start + count)]
    const answers = probabilities(view1, student)
    const expected = meanSquare(answers, probabilities(view2, average))
    expect(made.run(0, { rate: 0 }).unlabelled![0]! / expected).toBeCloseTo(1, 3)
    expect(Math.abs(meanSquare(answers, probabilities(view2, student)) / expected - 1)).toBeGreaterThan(0.01)
  })

  it('in a joint batch comes from a pass over labelled and unlabelled images together, which moves the statistics by both', () => {
    using made = open(joint, recorded)
    const before = made.weights()
    const { images, labels } = batch(shape, 0)
    const together = { ...together16(images, view1), states: before }
    const first = probabilitiesOf(together)
    const { supervised, unlabelled } = made.run(0, { rate: 0 })
    const [n] = shape
    let entropy = 0
    for (let i = 0; i < n; i++)
      for (let c = 0; c < classes; c++) entropy -= (labels[i * classes + c]! * Math.log(first[i]![c]!)) / n
    expect(supervised![0]).toBeCloseTo(entropy, 5)
    expect(unlabelled![0]! / meanSquare(first.slice(n), probabilities(view2, before))).toBeCloseTo(1, 4)
    // The moving mean of the first normalisation goes a tenth of the way to that of the sixteen images, not of the
    // eight.
    const meansAfter = (pixels: Uint8Array, rows: number) => {
      const model = network()
      tf.tidy(() =>
        trainingPass({ model, ...normalisation })(
          tf.tensor4d(Float32Array.from(pixels), [rows, shape[1], shape[2], 3]),
        ),
      )
      const found = model.weights
        .find(({ originalName }) => originalName === 'stem_norm/moving_mean')!
        .read()
        .dataSync<'float32'>()
        .slice()
      model.dispose()
      return found
    }
    const after = made.weights().find(({ name }) => name === 'stem_norm/moving_mean')!.values
    const [ofAll, ofLabelled] = [meansAfter(together.images, 2 * n), meansAfter(images, n)]
    after.forEach((value, i) => expect(value).toBeCloseTo(ofAll[i]!, 5))
    expect(Math.max(...after.map((value, i) => Math.abs(value - ofLabelled[i]!)))).toBeGreaterThan(1e-3)
  })
})

describe('the pseudo-label term', { timeout: 180_000 }, () => {
  it('is the cross-entropy with the likeliest class of the inputs above the threshold, averaged over all inputs', () => {
    using made = open(pseudo, recorded)
    const likeliest = probabilities(view1, made.weights()).map((row) => Math.max(...row))
    const sorted = [...likeliest].sort((a, b) => a - b)
    const threshold = (sorted[2]! + sorted[3]!) / 2 // three of eight are below
    using other = open(semiSupervised.parse({ method: 'pseudo-label', threshold }), recorded)
    const { unlabelled, counted } = other.run(0, { rate: 0 })
    expect(counted![0]).toBeCloseTo(5 / 8, 6)
    expect(unlabelled![0]).toBeCloseTo(
      likeliest.filter((p) => p > threshold).reduce((sum, p) => sum - Math.log(p), 0) / 8,
      4,
    )
  })
})

const apart = [
  ['pi-model', pi],
  ['pi-model through both views', attached],
  ['mean-teacher', teacher],
  ['pseudo-label', pseudo],
] as const

describe('a step with unlabelled images', { timeout: 180_000 }, () => {
  it.each([...apart, ['pi-model in a joint batch', joint] as const])(
    'loses recorded what it loses eagerly, over 5 steps: %s',
    (_, method) => {
      const losses = (options: StepOptions) => {
        using made = open(method, options)
        return [0, 1, 2, 3, 4].map((index) => {
          const { loss, unlabelled } = made.run(index, { weight: 2 * index, rate: 2e-3 })
          return [loss![0]!, unlabelled![0]!]
        })
      }
      const [fast, slow] = [losses(recorded), losses(eager)]
      expect(
        relativeDifference(
          fast.map(([loss]) => loss!),
          slow.map(([loss]) => loss!),
        ),
      ).toBeLessThan(1e-5)
      expect(
        relativeDifference(
          fast.map(([, term]) => term!),
          slow.map(([, term]) => term!),
        ),
      ).toBeLessThan(1e-3)
    },
  )

  it.each(apart)(
    'moves the weights, and leaves the moving statistics as the labelled images alone leave them: %s',
    (_, method) => {
      const after = (which: SemiSupervised | null, options: StepOptions) => {
        using made = open(which, options)
        made.run(0, { weight: 10 })
        const state = made.weights()
        return {
          statistics: values(state.filter(isStatistic)),
          weights: values(state.filter((one) => !isStatistic(one))),
        }
      }
      for (const options of [recorded, eager]) {
        const [without, together] = [after(null, options), after(method, options)]
        expect(together.statistics).toEqual(without.statistics)
        expect(together.weights).not.toEqual(without.weights)
      }
    },
  )
})

describe('with dropout (Conv-Large)', { timeout: 300_000 }, () => {
  const stateOf = (states: readonly VariableState[], average = false) =>
    states
      .filter(({ name }) => name.startsWith('average/') === average && name.endsWith('dropout/state'))
      .map((state) => [...state.values])

  it("each pass has masks of its own, also the teacher's, whose count is no average", () => {
    using made = open(teacher, recorded, 'conv-large')
    for (let index = 0; index < 3; index++) made.run(index, { rate: 0.01 })
    const states = made.step.readVariables()
    const [own, teachers] = [stateOf(states), stateOf(states, true)]
    expect(own).toHaveLength(2)
    // Two passes of the student a step, one of the teacher.
    for (const [, count] of own) expect(count).toBe(6)
    for (const [, count] of teachers) expect(count).toBe(3)
    own.forEach(([key], i) => expect(teachers[i]![0]).not.toBe(key))
  })

  it('two views of the same pixels get different predictions', () => {
    using made = open(pi, recorded, 'conv-large')
    const { unlabelled } = made.step.step({
      ...batch(shape, 0),
      view1,
      view2: view1,
      unlabelledWeight: Float32Array.of(1),
      learningRate: Float32Array.of(0),
    })
    expect(unlabelled![0]).toBeGreaterThan(1e-6)
    using without = open(pi, recorded)
    const none = without.step.step({
      ...batch(shape, 0),
      view1,
      view2: view1,
      unlabelledWeight: Float32Array.of(1),
      learningRate: Float32Array.of(0),
    })
    expect(none.unlabelled![0]).toBe(0)
  })
})
