import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { trainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { readTopology, shapesOf } from '@imclr/api/network/testing'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { makeStep, tf, type LayersModel, type Tensor, type Tensor4D } from '@imclr/trainer/engine/testing'
import {
  layersModelFiles,
  applyInTraining,
  buildNetwork,
  freezeLayers,
  buildServingModel,
  bodyLayers,
  takeWeights,
} from '@imclr/trainer/networks/testing'
import { supervisedLoss, trainingPass, trainingStep, openTraining, stepScalars } from '@imclr/trainer/training/testing'
import { stream } from '@imclr/trainer/random/testing'
import { batch, eager, losses, recorded, relativeDifference } from '../training/training.js'
import { namedWeights, someModel, uploadFiles, uploadModel } from './uploadedModel.js'

type Freeze = Parameters<typeof freezeLayers>[1]

/** The network that a training begins with, made of the files of `someModel`. */
async function fineTuned({ classes = 4, seed = 1, freeze = [] as Freeze } = {}): Promise<LayersModel> {
  const source = someModel()
  const uploaded = await uploadModel(source)
  source.dispose()
  const model = buildNetwork({ name: 'net_aaaaaaaa', uploaded, classes, seed })
  takeWeights(model, namedWeights(uploaded))
  freezeLayers(model, freeze)
  return model
}

const valuesOf = (model: LayersModel) =>
  new Map(model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]))
const random = (n: number, h: number, w: number) => tf.randomNormal([n, h, w, 3], 0, 1, 'float32', 9) as Tensor4D

describe('a network from the files of a tfjs model', () => {
  it('computes what TensorFlow.js computes of these files, up to the last layer, on images of any size', async () => {
    const source = someModel()
    const features = tf.model({ inputs: source.inputs, outputs: source.getLayer('hidden').output })
    const model = await fineTuned()
    const ours = tf.model({ inputs: model.inputs, outputs: model.getLayer('hidden').output })
    const x = random(2, 32, 32)
    const [expected, found] = [features, ours].map((one) => [...(one.apply(x) as Tensor).dataSync()])
    const largest = Math.max(...expected!.map(Math.abs))
    expect(largest).toBeGreaterThan(0.1)
    expect(Math.max(...expected!.map((value, i) => Math.abs(value - found![i]!)))).toBeLessThan(1e-5 * largest)
    expect((model.apply(random(2, 64, 32)) as Tensor).shape).toEqual([2, 4])
    source.dispose()
    model.dispose()
  })

  it('computes the same of models inside models, as Teachable Machine saves them: chains that hold a functional model, a pooling, and two dense layers', async () => {
    const source = someModel()
    const body = tf.model({ name: 'model1', inputs: source.inputs, outputs: source.getLayer('act').output })
    const { layers } = tf
    const features = tf.sequential({
      name: 'sequential_1',
      layers: [body, layers.globalAveragePooling2d({ name: 'pooled' })],
    })
    const inputShape = [body.outputs[0]!.shape[3]!]
    const head = tf.sequential({
      name: 'sequential_3',
      layers: [
        layers.dense({ name: 'dense_1', units: 7, activation: 'relu', inputShape }),
        layers.dense({ name: 'dense_2', units: 5, activation: 'softmax', useBias: false }),
      ],
    })
    const whole = tf.sequential({ name: 'sequential_4', layers: [features, head] })
    const { json, weights } = await layersModelFiles(whole)
    const outer = (
      JSON.parse(json.toString()) as {
        modelTopology: { config: { layers: { class_name: string; config: { layers: { class_name: string }[] } }[] } }
      }
    ).modelTopology
    expect(outer.config.layers.map(({ class_name }) => class_name)).toEqual(['Sequential', 'Sequential'])

    const uploaded = uploadFiles(json, weights)
    expect(uploaded.output).toBe('dense_1')
    const model = buildNetwork({ name: 'net_aaaaaaaa', uploaded, classes: 4, seed: 1 })
    takeWeights(model, namedWeights(uploaded))
    const x = random(2, 32, 32)
    const expected = (head.layers[0]!.apply(features.apply(x)) as Tensor).arraySync() as number[][]
    const found = (
      tf.model({ inputs: model.inputs, outputs: model.getLayer('dense_1').output }).apply(x) as Tensor
    ).arraySync() as number[][]
    expect(Math.max(...expected.flat())).toBeGreaterThan(0.05)
    found.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 4)))
  })

  it('computes the same where models within each other have the same names: inputs as Keras calls them, layers without weights; and the rescaling before them is the normalisation', async () => {
    const { layers } = tf
    const through = (layer: unknown, x: unknown) => (layer as { apply(x: unknown): unknown }).apply(x) as never
    const inner = tf.input({ shape: [32, 32, 3], name: 'input_1' })
    const body = tf.model({
      name: 'body',
      inputs: inner,
      outputs: through(
        layers.activation({ name: 'act', activation: 'tanh' }),
        through(layers.conv2d({ name: 'conv_a', filters: 4, kernelSize: 3, biasInitializer: 'randomNormal' }), inner),
      ),
    })
    const tail = tf.sequential({
      name: 'tail',
      layers: [
        layers.conv2d({
          name: 'conv_b',
          filters: 5,
          kernelSize: 3,
          inputShape: [30, 30, 4],
          biasInitializer: 'randomNormal',
        }),
        layers.activation({ name: 'act', activation: 'relu' }),
      ],
    })
    const outer = tf.input({ shape: [32, 32, 3], name: 'input_1' })
    const pooled = through(
      layers.globalAveragePooling2d({ name: 'pooled' }),
      through(tail, through(body, through(layers.rescaling({ name: 'act', scale: 1 / 127.5, offset: -1 }), outer))),
    )
    const whole = tf.model({
      inputs: outer,
      outputs: through(layers.dense({ name: 'classes', units: 5, activation: 'softmax' }), pooled),
    })
    const { json, weights } = await layersModelFiles(whole)
    const uploaded = uploadFiles(json, weights)
    expect(uploaded.layers.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['conv_a', 'images'],
      ['body/act', 'conv_a'],
      ['conv_b', 'body/act'],
      ['tail/act', 'conv_b'],
      ['pooled', 'tail/act'],
    ])
    const model = buildNetwork({ name: 'net_aaaaaaaa', uploaded, classes: 4, seed: 1 })
    takeWeights(model, namedWeights(uploaded))
    const { normalisation } = readTopology((JSON.parse(json.toString()) as { modelTopology: unknown }).modelTopology)
    expect(normalisation).toEqual({ mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] })
    const pixels = tf.tensor4d(
      Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => (i * 7919) % 256),
      [2, 32, 32, 3],
    )
    const normalised = tf.div(tf.sub(pixels, normalisation!.mean), normalisation!.std)
    const expected = (tf.model({ inputs: outer, outputs: pooled }).apply(pixels) as Tensor).arraySync() as number[][]
    const found = (
      tf.model({ inputs: model.inputs, outputs: model.getLayer('pooled').output }).apply(normalised) as Tensor
    ).arraySync() as number[][]
    expect(Math.max(...expected.flat())).toBeGreaterThan(0.05)
    found.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 5)))
    model.dispose()
    whole.dispose()
  })

  // Files and answers of test/keras/convert.py.
  it.each(
    ['keras2', 'keras3'].flatMap((version) => ['functional', 'sequential'].map((form) => [version, form] as const)),
  )('computes what Keras computed, of what its converter wrote: %s, %s', (version, form) => {
    const file = (name: string) => readFileSync(join(import.meta.dirname, 'keras', version, form, name))
    const uploaded = uploadFiles(file('model.json'), file('group1-shard1of1.bin'))
    const model = buildNetwork({ name: 'net_aaaaaaaa', uploaded, classes: 3, seed: 1 })
    takeWeights(model, namedWeights(uploaded))
    const pixels = tf.tensor4d(
      Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => ((i * 7919) % 251) / 125 - 1),
      [2, 32, 32, 3],
    )
    const found = (
      tf.model({ inputs: model.inputs, outputs: model.getLayer('hidden').output }).apply(pixels) as Tensor
    ).arraySync() as number[][]
    const expected = JSON.parse(file('hidden.json').toString()) as number[][]
    expect(found).toHaveLength(2)
    found.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 5)))
    model.dispose()
  })

  it('has the shapes and parameters that TensorFlow.js counts, and the multiply-adds that follow from them', async () => {
    const model = await fineTuned({ classes: 10 })
    const uploaded = await uploadModel(someModel())
    // 3 + 2 by steps of 2: two pixels, one behind the pooling; of 2 + 2 none would be left
    expect(uploaded.smallestSize).toBe(3)
    // 34 become 17: one pooling makes 8 of them, the other 9.
    expect(() => shapesOf(uploaded.layers, { height: 32, width: 34 })).toThrow('joins 8 x 8 x 8 and 8 x 9 x 8 values')
    for (const [height, width] of [
      [32, 32],
      [64, 32],
      [48, 20],
    ] as const) {
      const ours = shapesOf(uploaded.layers, { height, width })
      const theirs = new Map<string, number[]>([[model.inputs[0]!.sourceLayer.name, [1, height, width, 3]]])
      for (const layer of model.layers.slice(1)) {
        const inputs = (layer.inboundNodes[0] as unknown as { inboundLayers: { name: string }[] }).inboundLayers.map(
          ({ name }) => theirs.get(name)!,
        )
        theirs.set(layer.name, layer.computeOutputShape(inputs.length === 1 ? inputs[0]! : inputs) as number[])
      }
      for (const [name, shape] of ours) expect([name, ...shape]).toEqual([name, ...theirs.get(name)!.slice(1)])
    }
    expect(uploaded.parameters).toBe(
      model.trainableWeights.reduce(
        (sum, { shape }) => sum + shape.reduce<number>((product, side) => product * side!, 1),
        0,
      ),
    )
    // By hand: stride 2 leaves 16 x 16; 27 x 8, 9 x 8, 3 x 8 x 8 there; then 16 x 12 and 12 x 10.
    expect(uploaded.multiplyAdds).toBe(256 * (27 * 8 + 9 * 8 + 3 * 8 * 8) + 16 * 12 + 12 * 10)
    model.dispose()
  })

  it('has a new last layer, of the classes of the data and drawn by the seed; all others are those of the file', async () => {
    const [one, same, other] = [await fineTuned(), await fineTuned(), await fineTuned({ seed: 2, classes: 7 })].map(
      (model) => ({ values: valuesOf(model), model }),
    )
    expect(one!.values).toEqual(same!.values)
    expect(one!.model.outputs[0]!.shape).toEqual([null, 4])
    expect(other!.model.outputs[0]!.shape).toEqual([null, 7])
    const source = someModel()
    const file = valuesOf(source)
    for (const [name, values] of other!.values)
      if (!/^(logits|drop)\//.test(name)) expect([name, ...values]).toEqual([name, ...file.get(name)!])
    expect(one!.values.get('logits/kernel')!.slice(0, 4)).not.toEqual(other!.values.get('logits/kernel')!.slice(0, 4))
    expect(one!.values.get('logits/kernel')!.every((value) => value !== 0)).toBe(true)
    for (const { model } of [one!, same!, other!]) model.dispose()
    source.dispose()
  })

  it('moves its statistics by its own momentum', async () => {
    const model = await fineTuned()
    const x = random(4, 16, 16)
    const before = valuesOf(model).get('norm1/moving_mean')!
    const mean = [
      ...tf
        .tidy(() =>
          tf.mean(
            tf.model({ inputs: model.inputs, outputs: model.getLayer('conv1').output }).apply(x) as Tensor,
            [0, 1, 2],
          ),
        )
        .dataSync(),
    ]
    applyInTraining(model, x, 'moved').dispose()
    valuesOf(model)
      .get('norm1/moving_mean')!
      .forEach((value, i) => expect(value).toBeCloseTo(0.7 * before[i]! + 0.3 * mean[i]!, 5))
    model.dispose()
  })

  it('is served with standard layers alone', async () => {
    const model = await fineTuned()
    const serving = buildServingModel(model, {
      mean: [120, 118, 110],
      std: [60, 61, 66],
      stack: { images: 2, axis: 'height' },
    })
    expect(serving.layers.map((layer) => layer.getClassName())).not.toContain('KeyedDropout')
    const pixels = tf.fill([1, 16, 16, 3], 100)
    const answer = [...(serving.apply(pixels) as Tensor).dataSync()]
    expect(answer.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    model.dispose()
  })
})

const shape = [8, 16, 8, 3] as const

function stepOf(model: LayersModel, options: Partial<Parameters<typeof trainingStep>[0]> = {}) {
  const pass = trainingPass({ model, mean: [120, 118, 110], std: [60, 61, 66] })
  return trainingStep({
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
    weightDecay: 0.01,
    decay: 'all',
    clipNorm: 5,
    emaDecay: 0.9,
    ...options,
    model,
    terms: [supervisedLoss({ pass, shape, classes: 4 })],
  })
}

describe('frozen layers', { timeout: 120_000 }, () => {
  const freezes: [Freeze, number][] = [
    [[], 0],
    [['conv1', 'norm*'], 3],
    ['all-but-head', 6],
  ]
  it.each(freezes)(
    '%j: recorded and eager steps have the same losses and leave these layers unchanged',
    async (freeze, count) => {
      const model = await fineTuned({ freeze })
      const frozen = bodyLayers(model)
        .filter((layer) => !layer.trainable)
        .map(({ name }) => name)
      expect(frozen).toHaveLength(count)
      const isFrozen = (name: string) => frozen.includes(name.replace(/^(average|velocity)\//, '').split('/')[0]!)
      const definition = stepOf(model)
      // Neither gradient nor state of the optimiser.
      expect(definition.variables.filter(({ name }) => name.startsWith('velocity/') && isFrozen(name))).toEqual([])
      expect(definition.variables.filter(({ name }) => name.startsWith('velocity/'))).toHaveLength(
        model.trainableWeights.length,
      )

      const [expected, found] = [
        losses(definition, 5, { ...eager, rate: 0.01 }),
        losses(definition, 5, { ...recorded, rate: 0.01 }),
      ]
      expect(relativeDifference(found, expected)).toBeLessThan(1e-5)
      for (const how of [recorded, eager]) {
        const step = makeStep(definition, how)
        const before = step.readVariables()
        for (let index = 0; index < 5; index++)
          step.step({ ...batch(shape, index, 4), learningRate: Float32Array.of(0.05) })
        const after = step.readVariables()
        before.forEach((state, i) => {
          if (state.name.startsWith('velocity/')) return
          const same = Buffer.from(state.values.buffer).equals(Buffer.from(after[i]!.values.buffer))
          // The averages' dropout counts the passes of a teacher; here is none.
          expect([how.execution, state.name, same]).toEqual([
            how.execution,
            state.name,
            isFrozen(state.name) || state.name === 'average/drop/state',
          ])
        })
        step.writeVariables(before)
        step.dispose()
      }
      definition.dispose()
      model.dispose()
    },
  )

  it('normalise by their moving statistics in training: a pass is the same alone as within a batch', async () => {
    const model = await fineTuned({ freeze: ['norm1', 'norm2'] })
    model.getLayer('drop').setWeights([tf.zeros([2])]) // the same mask for all
    const features = tf.model({ inputs: model.inputs, outputs: model.getLayer('hidden').output })
    const x = random(4, 16, 16)
    const inTraining = [...applyInTraining(features, x, 'moved').dataSync()]
    expect(inTraining).toEqual([...(features.apply(x) as Tensor).dataSync()])
    const free = await fineTuned()
    const freeFeatures = tf.model({ inputs: free.inputs, outputs: free.getLayer('hidden').output })
    expect([...applyInTraining(freeFeatures, x, 'moved').dataSync()]).not.toEqual(inTraining)
    model.dispose()
    free.dispose()
  })

  it('that do not exist are refused, and the message lists the layers there are', async () => {
    await expect(fineTuned({ freeze: ['conv1', 'layer9*'] })).rejects.toThrow(
      /no layer is called layer9\*; there are conv1, norm1, depthwise/,
    )
  })

  it('are unchanged at the end, and a killed training resumes with the same losses', async () => {
    const draw = stream({ seed: 3, name: 'init' })
    const split = {
      count: 16,
      height: 8,
      width: 8,
      classes: 4,
      images: Uint8Array.from({ length: 16 * 192 }, () => draw.int(256)),
      labels: Uint16Array.from({ length: 16 }, (_, i) => i % 4),
    }
    const spec = trainingSpec.parse({
      batchSize: 8,
      epochs: 6,
      learningRate: 0.01,
      emaDecay: 0.5,
      optimizer: { kind: 'adam' },
    })
    const feed = trainingFeed(split, spec)
    const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
    const freeze = ['conv*', 'norm*', 'depthwise']
    const open = async () =>
      openTraining(spec, {
        feed,
        normalisation: { mean: [128, 128, 128], std: [64, 64, 64] },
        network: await fineTuned({ freeze }),
        cloneArchitecture: () => expect.unreachable('no teacher is asked for'),
      })
    const steps = (training: Awaited<ReturnType<typeof open>>, from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => training.run(feed.batch(from + i, 0), scalarsOf(from + i)))
    const [plain, killed, resumed] = [await open(), await open(), await open()]
    const before = valuesOf(plain.network)
    expect(plain.execution).toBe('graph')
    const expected = steps(plain, 0, 6)
    expect(steps(killed, 0, 3)).toEqual(expected.slice(0, 3))
    resumed.writeState(killed.readState())
    expect(steps(resumed, 3, 6)).toEqual(expected.slice(3))
    plain.finish('model')
    const after = valuesOf(plain.network)
    for (const [name, values] of before)
      expect([name, JSON.stringify(after.get(name)) === JSON.stringify(values)]).toEqual([
        name,
        /^(conv|norm|depthwise)/.test(name) || name === 'drop/state',
      ])
    expect(plain.parameters).toBe(
      before.size > 0
        ? [...before]
            .filter(([name]) => !/(moving_|state)/.test(name))
            .reduce((sum, [, values]) => sum + values.length, 0)
        : 0,
    )
    for (const training of [plain, killed, resumed]) training.dispose()
  })
})
