import { networks, type NetworkName } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import {
  makeStep,
  supportsBfloat16,
  recordGraph,
  backend,
  tf,
  type Tensor,
  type Variable,
} from '@imclr/trainer/engine/testing'
import { stepScalars, type StepScalars } from '@imclr/trainer/training/testing'
import { batch, eager, losses, recorded, relativeDifference, training, type Recipe } from '../training/training.js'

type StepRecipe = Parameters<typeof stepScalars>[0]
const inputsOf = (scalars: StepScalars) =>
  Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)]))

// The mean is subtracted from the pixels, which are then divided by 60: one unit in its last place is 1e-7 in what the
// network sees.
const nudged = (times: number) => [120 + times * 8e-6, 118 + times * 8e-6, 110 + times * 8e-6] as const

// The eager step is the oracle: tfjs op by op, no graph.
describe('a recorded step has the losses of the eager step', () => {
  // Freshly drawn deep networks magnify rounding: the rates keep the weights where 5 digits can be kept, yet each step
  // must show in the losses. For the deepest, and VGG with no shortcuts, not even that is enough, and the yardstick is
  // an eager run whose inputs differ by 1e-7.
  const rates: Record<NetworkName, number> = {
    resnet8: 2e-3,
    resnet20: 1e-4,
    resnet32: 1e-5,
    resnet44: 3e-6,
    resnet56: 1e-6,
    resnet110: 1e-6,
    resnet18: 1e-5,
    'wrn28-2': 3e-4,
    'wrn40-2': 1e-4,
    'wrn16-8': 1e-4,
    'wrn28-10': 1e-4,
    'conv-large': 1e-4,
    'vgg16-bn': 1e-5,
  }
  it.each(Object.keys(rates) as NetworkName[])('%s, to 5 digits over 5 steps', (network) => {
    const { smallestSize } = networks[network]
    const shape = [8, 2 * smallestSize, smallestSize, 3] as const
    const run = { rate: rates[network], sameBatch: true }
    using usual = training({ network, shape })
    const expected = losses(usual.definition, 5, { ...eager, ...run })
    expect(relativeDifference(expected.slice(1), expected.slice(0, -1))).toBeGreaterThan(3e-5)
    let tolerance = 1e-5
    if (['resnet44', 'resnet56', 'resnet110', 'vgg16-bn'].includes(network)) {
      using moved = training({ network, shape, options: { mean: nudged(1) } })
      tolerance = Math.max(
        tolerance,
        10 * relativeDifference(losses(moved.definition, 5, { ...eager, ...run }), expected),
      )
    }
    expect(relativeDifference(losses(usual.definition, 5, { ...recorded, ...run }), expected)).toBeLessThan(tolerance)
  })

  const sgd = { kind: 'sgd', momentum: 0.9, nesterov: true } as const
  const variants: [string, Omit<Partial<Recipe>, 'network'>][] = [
    ['plain momentum', { options: { optimizer: { ...sgd, nesterov: false } } }],
    ['no momentum', { options: { optimizer: { ...sgd, momentum: 0, nesterov: false } } }],
    ['no weight decay', { options: { weightDecay: 0 } }],
    ['decay of kernels only', { options: { weightDecay: 0.05, decay: 'kernels' } }],
    ['clipped gradients', { options: { clipNorm: 0.5 } }],
    ['averaged weights', { options: { emaDecay: 0.9 } }],
    ['stacked side by side', { shape: [16, 8, 16, 3] }],
    ['single images', { shape: [16, 8, 8, 3] }],
  ]
  it.each(variants)('resnet8, %s', (_, { shape = [16, 16, 8, 3], options }) => {
    using run = training({ network: 'resnet8', shape, options })
    const rate = 2e-3
    expect(
      relativeDifference(
        losses(run.definition, 5, { ...recorded, rate }),
        losses(run.definition, 5, { ...eager, rate }),
      ),
    ).toBeLessThan(1e-5)
  })

  it('resnet8, in two shapes in turn: one set of variables, moved by both', () => {
    using run = training({
      network: 'resnet8',
      shape: [16, 16, 8, 3],
      options: { otherShapes: [[16, 8, 16, 3]], emaDecay: 0.9 },
    })
    const order = [0, 1, 1, 0, 1, 0]
    const lossesOf = (options: typeof eager, which: number[]) => {
      const before = makeStep(run.definition, eager).readVariables()
      const step = makeStep(run.definition, options)
      expect(step.fallbackReason).toBeUndefined()
      const seen = which.map(
        (shape, index) =>
          step.step({ ...batch([16, 16, 8, 3], index), learningRate: Float32Array.of(2e-3) }, shape).loss![0]!,
      )
      const after = step.readVariables()
      step.dispose()
      makeStep(run.definition, eager).writeVariables(before)
      return { seen, after }
    }
    const [one, other] = [lossesOf(recorded, order), lossesOf(eager, order)]
    expect(relativeDifference(one.seen, other.seen)).toBeLessThan(1e-5)
    one.after.forEach(({ name, values }, i) =>
      values.forEach((value, j) => expect(Math.abs(value - other.after[i]!.values[j]!), name).toBeLessThan(1e-4)),
    )
    // The shape matters: the same bytes as rows of another width are other pictures.
    expect(
      relativeDifference(
        lossesOf(
          recorded,
          order.map(() => 0),
        ).seen,
        other.seen,
      ),
    ).toBeGreaterThan(1e-4)
  })

  const moments = { beta1: 0.9, beta1End: null, beta2: 0.999, epsilon: 1e-8 }
  const optimizers: [string, StepRecipe['optimizer'], number][] = [
    ['SGD', sgd, 2e-3],
    ['Adam', { kind: 'adam', ...moments }, 1e-4],
    ['Adam, beta1 ramped down', { kind: 'adam', ...moments, beta1End: 0.5 }, 1e-4],
    ['AdamW', { kind: 'adamw', ...moments }, 1e-4],
  ]
  const up = { epochs: 3, shape: 'linear' } as const
  const down = { epochs: 2, shape: 'linear' } as const
  // Five steps of one epoch each: all of a schedule.
  const schedules: Omit<StepRecipe, 'optimizer' | 'learningRate' | 'epochs'>[] = [
    ...(['constant', 'linear', 'cosine', 'cosine-7-16'] as const).map((kind) => ({
      schedule: { kind },
      rampUp: null,
      rampDown: null,
    })),
    { schedule: { kind: 'step', milestones: [0.4, 0.8], factor: 0.1 }, rampUp: null, rampDown: null },
    { schedule: { kind: 'constant' }, rampUp: up, rampDown: down },
    { schedule: { kind: 'constant' }, rampUp: { ...up, shape: 'gaussian' }, rampDown: { ...down, shape: 'gaussian' } },
  ]
  it.each(optimizers)('by %s, at every schedule, recorded once', (_, optimizer, learningRate) => {
    const shape = [8, 8, 8, 3] as const
    using run = training({ network: 'resnet8', shape, options: { optimizer, weightDecay: 0.01, clipNorm: 2 } })
    const [fast, slow] = [makeStep(run.definition, recorded), makeStep(run.definition, eager)]
    const first = slow.readVariables()
    const ends = schedules.map((recipe) => {
      const scalars = stepScalars({ ...recipe, optimizer, learningRate, epochs: 5 }, 1)
      const [expected, measured] = [slow, fast].map((step) => {
        step.writeVariables(first)
        return [0, 1, 2, 3, 4].map((index) => step.step({ ...batch(shape), ...inputsOf(scalars(index)) }).loss![0]!)
      })
      expect(relativeDifference(measured!, expected!), JSON.stringify(recipe)).toBeLessThan(1e-5)
      return expected!.at(-1)
    })
    expect(new Set(ends).size).toBe(schedules.length)
    fast.dispose()
  })

  it('at the rates of a schedule: the rate is an input, not a constant', () => {
    using run = training({ network: 'resnet8', shape: [8, 8, 8, 3] })
    using other = training({ network: 'resnet8', shape: [8, 8, 8, 3] })
    const [a, b] = [makeStep(run.definition, recorded), makeStep(other.definition, eager)]
    const seen = [0, 0.02, 0.01, 0.001, 0].map((rate) => {
      const inputs = { ...batch([8, 8, 8, 3]), learningRate: Float32Array.of(rate) }
      const loss = a.step(inputs).loss![0]!
      expect(loss).toBeCloseTo(b.step(inputs).loss![0]!, 5)
      return loss
    })
    // A rate of zero leaves the weights, and so the loss of the same batch, as they were.
    expect(seen[1]).toBe(seen[0])
    expect(Math.abs(seen[2]! - seen[1]!)).toBeGreaterThan(1e-3)
    a.dispose()
  })

  it('over 50 steps as closely as two eager runs whose inputs differ by 1e-7', () => {
    const shape = [16, 16, 8, 3] as const
    using run = training({ network: 'resnet8', shape })
    const expected = losses(run.definition, 50, eager)
    // One pair of runs tells little of how far two may come apart: the furthest of four.
    const chaos = Math.max(
      ...[-2, -1, 1, 2].map((times) => {
        using moved = training({ network: 'resnet8', shape, options: { mean: nudged(times) } })
        return relativeDifference(losses(moved.definition, 50, eager), expected)
      }),
    )
    expect(expected.at(-1)!).toBeLessThan(expected[0]! * 0.8)
    expect(chaos).toBeGreaterThan(0)
    expect(relativeDifference(losses(run.definition, 50, recorded), expected)).toBeLessThan(Math.max(3 * chaos, 1e-5))
  })

  it('and repeats itself bit by bit', () => {
    using run = training({ network: 'resnet20', shape: [64, 64, 32, 3] })
    expect(losses(run.definition, 3, recorded)).toEqual(losses(run.definition, 3, recorded))
  })

  it.skipIf(!supportsBfloat16())('in bfloat16 to 2 digits, and learns as fast', () => {
    using run = training({ network: 'resnet8', shape: [32, 16, 8, 3] })
    const low = losses(run.definition, 30, { execution: 'graph', precision: 'bfloat16' })
    const full = losses(run.definition, 30, recorded)
    expect(relativeDifference(low.slice(0, 5), full.slice(0, 5))).toBeLessThan(0.01)
    expect(low).not.toEqual(full)
    expect(Math.abs(low.at(-1)! - full.at(-1)!)).toBeLessThan(0.1)
  })
})

describe('a recorded step', () => {
  const shape = [8, 16, 8, 3] as const
  const inputs = { ...batch(shape), learningRate: Float32Array.of(0.05) }

  it('resumes from variables that were read back with the same losses', () => {
    using run = training({ network: 'resnet8', shape, options: { emaDecay: 0.9 } })
    const first = makeStep(run.definition, recorded)
    for (let i = 0; i < 3; i++) first.step(inputs)
    const state = first.readVariables()
    const next = [first.step(inputs), first.step(inputs)].map(({ loss }) => loss![0])
    first.dispose()
    const second = makeStep(run.definition, recorded)
    second.writeVariables(state)
    expect([second.step(inputs), second.step(inputs)].map(({ loss }) => loss![0])).toEqual(next)
    // The same state continues eagerly, too.
    const third = makeStep(run.definition, eager)
    third.writeVariables(state)
    expect(third.step(inputs).loss![0]).toBeCloseTo(next[0]!, 5)
    expect(() => second.writeVariables(state.slice(1))).toThrow(/variables are needed/)
    expect(() => second.writeVariables([...state.slice(1), state[0]!])).toThrow(/variable 0 is/)
    second.dispose()
  })

  // TensorFlow shares memory that begins at a multiple of 32 or 64 bytes (it copies the rest): one of these views does.
  it('keeps none of the arrays it was given: they may change afterwards, and are released on the thread that lent them', () => {
    const views = (fill: number) =>
      Array.from({ length: 16 }, (_, i) => new Float32Array(64).subarray(i, i + 32).fill(fill))
    const made = Array.from({ length: 16 }, (_, i) => ({ name: `v${i}`, variable: tf.variable(tf.zeros([32])) }))
    const step = makeStep(
      {
        inputs: Object.fromEntries(made.map(({ name }) => [name, { shape: [32], dtype: 'float32' }])),
        variables: made,
        run(inputs) {
          for (const { name, variable } of made) variable.assign(inputs[name]!)
          return { sum: tf.addN(Object.values(inputs)) }
        },
      },
      recorded,
    )
    const held = () => step.readVariables().map(({ values }) => [...new Set(values)])
    const written = views(1)
    step.writeVariables(made.map(({ name }, i) => ({ name, shape: [32], values: written[i]! })))
    for (const view of written) view.fill(7)
    expect(held()).toEqual(made.map(() => [1]))
    const fed = views(2)
    step.step(Object.fromEntries(made.map(({ name }, i) => [name, fed[i]!])))
    for (const view of fed) view.fill(7)
    expect(held()).toEqual(made.map(() => [2]))
    step.dispose()
    tf.dispose(made.map(({ variable }) => variable))
  })

  it('averages weights by hand-computable steps', () => {
    using run = training({ network: 'resnet8', shape, options: { emaDecay: 0.75 } })
    const step = makeStep(run.definition, recorded)
    const { weights, averages } = run.definition
    const before = step.readVariables()
    step.step(inputs)
    const after = step.readVariables()
    for (let i = 0; i < weights.count; i++) {
      const [old, now, average] = [before[averages!.start + i]!, after[weights.start + i]!, after[averages!.start + i]!]
      expect(average.name).toBe(`average/${now.name}`)
      average.values.forEach((value, j) => expect(value).toBeCloseTo(0.75 * old.values[j]! + 0.25 * now.values[j]!, 5))
    }
    step.dispose()
  })

  it('leaves the model unchanged and no tensors behind', () => {
    using run = training({ network: 'resnet8', shape })
    const counts = () => [
      tf.memory().numTensors,
      (backend as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors(),
    ]
    const weights = run.model.getWeights().map((weight) => weight.dataSync().slice())
    const before = counts()
    const step = makeStep(run.definition, recorded)
    expect(counts()[0]).toBe(before[0])
    step.step(inputs)
    const running = counts()
    for (let i = 0; i < 3; i++) step.step(inputs)
    step.readVariables()
    expect(counts()).toEqual(running)
    expect(run.model.getWeights().map((weight) => weight.dataSync())).toEqual(weights)
    step.dispose()

    const slow = makeStep(run.definition, eager)
    slow.step(inputs)
    const eagerly = counts()
    for (let i = 0; i < 3; i++) slow.step(inputs)
    expect(counts()).toEqual(eagerly)
  })

  it('captures no large constants', () => {
    using run = training({ network: 'resnet20', shape: [32, 32, 32, 3] })
    const { constantBytes, model } = recordGraph(run.definition, 'float32')
    expect(constantBytes).toBeLessThan(2_000)
    expect(model.length).toBeLessThan(500_000)
  })

  it('refuses inputs of the wrong name or size', () => {
    using run = training({ network: 'resnet8', shape })
    const step = makeStep(run.definition, recorded)
    expect(() => step.step({ ...inputs, images: inputs.images.subarray(1) })).toThrow(
      /input images has 3071 values; \[8, 16, 8, 3\] needs 3072/,
    )
    expect(() => step.step({ images: inputs.images, labels: inputs.labels })).toThrow(/needs the input learningRate/)
    step.dispose()
  })
})

describe('what cannot be recorded falls back to the eager step and says why', () => {
  const definition = (run: (x: Tensor, v: Variable) => Tensor) => {
    const variable = tf.variable(tf.tensor1d([2]), false)
    return {
      inputs: { x: { shape: [1], dtype: 'float32' as const } },
      variables: [{ name: 'v', variable }],
      run: ({ x }: Record<string, Tensor>) => ({ y: run(x!, variable) }),
    }
  }

  it('a step that reads its own values', () => {
    const step = makeStep(
      definition((x, v) => (tf.add(x, v).dataSync()[0]! > 3 ? tf.mul(x, v) : tf.mul(x, 0))),
      recorded,
    )
    expect(step).toMatchObject({ execution: 'eager', fallbackReason: expect.stringContaining('reads the values') })
    expect([step.step({ x: Float32Array.of(2) }).y![0], step.step({ x: Float32Array.of(0.5) }).y![0]]).toEqual([4, 0])
  })

  it('a step that captures a large tensor', () => {
    const large = tf.range(0, 20_000)
    const step = makeStep(
      definition((x) => tf.sum(tf.mul(large, x))),
      recorded,
    )
    expect(step).toMatchObject({
      execution: 'eager',
      fallbackReason: expect.stringContaining('captures a tensor [20000] of 80000 bytes'),
    })
    large.dispose()
  })

  it('and eager bfloat16 is refused', () => {
    expect(() =>
      makeStep(
        definition((x) => x),
        { execution: 'eager', precision: 'bfloat16' },
      ),
    ).toThrow(expect.objectContaining({ code: 'PRECISION_UNSUPPORTED' }))
  })
})

describe('traps of recording', () => {
  const small = (initial: number[], run: (x: Tensor, a: Variable, b: Variable) => Record<string, Tensor>) => {
    const shared = tf.tensor1d(initial)
    const [a, b] = [tf.variable(shared, false), tf.variable(shared, false)]
    return {
      inputs: { x: { shape: [initial.length], dtype: 'float32' as const } },
      variables: [
        { name: 'a', variable: a },
        { name: 'b', variable: b },
      ],
      run: ({ x }: Record<string, Tensor>) => run(x!, a, b),
    }
  }

  it('two variables with one initial tensor stay apart; a swap reads before it writes', () => {
    const step = makeStep(
      small([1, 2], (x, a, b) => {
        const old = tf.mul(a, 1)
        a.assign(tf.add(b, x) as Variable)
        b.assign(old)
        return { sum: tf.add(a, b) }
      }),
      recorded,
    )
    expect(step.fallbackReason).toBeUndefined()
    expect([...step.step({ x: Float32Array.of(10, 20) }).sum!]).toEqual([12, 24])
    expect(step.readVariables().map(({ values }) => [...values])).toEqual([
      [11, 22],
      [1, 2],
    ])
    expect([...step.step({ x: Float32Array.of(0, 0) }).sum!]).toEqual([12, 24])
    expect(step.readVariables().map(({ values }) => [...values])).toEqual([
      [1, 2],
      [11, 22],
    ])
    step.dispose()
  })

  it('a variable that is set without being read, while its old value is a result', () => {
    const step = makeStep(
      small([1, 2], (x, a) => {
        const old = tf.mul(a, 2)
        a.assign(tf.neg(x))
        return { old }
      }),
      recorded,
    )
    for (let i = 1; i < 20; i++)
      expect([...step.step({ x: Float32Array.of(i, -i) }).old!]).toEqual(i === 1 ? [2, 4] : [-2 * (i - 1), 2 * (i - 1)])
    step.dispose()
  })

  it('reshapes, ones, zeros, transposes and casts made outside the kernels', () => {
    const run = (x: Tensor) => ({
      y: tf.add(
        tf.reshape(tf.transpose(tf.reshape(x, [2, 3])), [6]),
        tf.add(tf.ones([6]), tf.cast(tf.greater(x, tf.zerosLike(x)), 'float32')),
      ),
      same: x,
    })
    const x = Float32Array.of(1, -2, 3, -4, 5, -6)
    const definition = small([0, 0, 0, 0, 0, 0], run)
    const step = makeStep(definition, recorded)
    const result = step.step({ x })
    expect(result).toEqual(makeStep(definition, eager).step({ x }))
    expect([...result.y!]).toEqual([1 + 1 + 1, -4 + 1, -2 + 1 + 1, 5 + 1, 3 + 1 + 1, -6 + 1])
    step.dispose()
  })
})
