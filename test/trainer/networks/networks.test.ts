import * as plain from '@tensorflow/tfjs'
import { networkNames, networks, type NetworkName } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import {
  recordForward,
  tf,
  type Layer,
  type LayersModel,
  type ModelArtifacts,
  type Tensor,
} from '@imclr/trainer/engine/testing'
import { buildNetwork, joinLayers, buildServingModel } from '@imclr/trainer/networks/testing'
import { stream } from '@imclr/trainer/random/testing'

/**
 * Counted by hand. ResNet: stem 27 f + 2 f; a unit of f filters has two kernels of 9 f f and two norms of 2 f; the
 * first unit of later stages has 9 (f/2) f in front, and a shortcut of (f/2) f with a norm. WRN: units of two norms and
 * two kernels, shortcuts without norm. The others: kernels of 9 (or 1) from f, norms of 2 f.
 */
const resnetParameters = (n: number, [first, ...later]: readonly number[] = [16, 32, 64]) => {
  const unit = (f: number) => 2 * 9 * f * f + 2 * 2 * f
  const stage = (f: number) => (9 * f * f) / 2 + 9 * f * f + 2 * 2 * f + (f * f) / 2 + 2 * f + (n - 1) * unit(f)
  return 29 * first! + n * unit(first!) + later.reduce((sum, f) => sum + stage(f), 0) + later.at(-1)! * 10 + 10
}
const wideParameters = (n: number, k: number) => {
  const stage = (from: number, f: number) =>
    2 * from + 9 * from * f + 2 * f + 9 * f * f + from * f + (n - 1) * (4 * f + 2 * 9 * f * f)
  return 432 + stage(16, 16 * k) + stage(16 * k, 32 * k) + stage(32 * k, 64 * k) + 2 * 64 * k + 64 * k * 10 + 10
}
const chainParameters = (kernels: [area: number, from: number, filters: number][]) =>
  kernels.reduce((sum, [area, from, f]) => sum + area * from * f + 2 * f, 0) + kernels.at(-1)![2] * 10 + 10
const expected: Record<NetworkName, number> = {
  resnet8: resnetParameters(1),
  resnet20: resnetParameters(3),
  resnet32: resnetParameters(5),
  resnet44: resnetParameters(7),
  resnet56: resnetParameters(9),
  resnet110: resnetParameters(18),
  resnet18: resnetParameters(2, [64, 128, 256, 512]),
  'wrn28-2': wideParameters(4, 2),
  'wrn40-2': wideParameters(6, 2),
  'wrn16-8': wideParameters(2, 8),
  'wrn28-10': wideParameters(4, 10),
  'conv-large': chainParameters([
    [9, 3, 128],
    [9, 128, 128],
    [9, 128, 128],
    [9, 128, 256],
    [9, 256, 256],
    [9, 256, 256],
    [9, 256, 512],
    [1, 512, 256],
    [1, 256, 128],
  ]),
  'vgg16-bn': chainParameters([
    [9, 3, 64],
    [9, 64, 64],
    [9, 64, 128],
    [9, 128, 128],
    [9, 128, 256],
    [9, 256, 256],
    [9, 256, 256],
    [9, 256, 512],
    ...Array.from({ length: 5 }, () => [9, 512, 512] as [number, number, number]),
  ]),
}

/**
 * In millions, as the sources state them. Laine and Aila give none; Athiwaratkun et al. 2019 say 3.1 for their network.
 */
const published: Partial<Record<NetworkName, number>> = {
  resnet20: 0.27,
  resnet32: 0.46,
  resnet44: 0.66,
  resnet56: 0.85,
  resnet110: 1.7,
  resnet18: 11.17,
  'wrn28-2': 1.5,
  'wrn40-2': 2.2,
  'wrn16-8': 11.0,
  'wrn28-10': 36.5,
  'conv-large': 3.1,
  'vgg16-bn': 14.7,
}

/** Each layer's output `[h, w]` or `[]` and filters for one picture, walked through by the layers' own rules. */
function shapes(model: LayersModel, height: number, width: number): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const layer of model.layers) {
    const inputs = (layer.inboundNodes[0] as unknown as { inboundLayers: Layer[] }).inboundLayers.map(({ name }) =>
      found.get(name)!,
    )
    found.set(
      layer.name,
      inputs.length === 0
        ? [1, height, width, 3]
        : (layer.computeOutputShape(inputs.length === 1 ? inputs[0]! : inputs) as number[]),
    )
  }
  return found
}

/**
 * What is multiplied: each value of a convolution's (or the last layer's) output takes one number of its kernel per
 * input.
 */
function multiplyAdds(model: LayersModel): number {
  const outputs = shapes(model, 32, 32)
  return model.layers.reduce((sum, layer) => {
    if (layer.getClassName() !== 'Conv2D' && layer.getClassName() !== 'Dense') return sum
    const kernel = layer.getWeights()[0]!
    const output = outputs.get(layer.name)!.reduce((product, side) => product * side)
    return sum + (output * kernel.size) / kernel.shape.at(-1)!
  }, 0)
}

describe('networks', () => {
  it.each(networkNames)(
    '%s has the parameters that a count by hand gives, and takes its smallest images, stacked or not',
    (name) => {
      // Millions of weights take a while to draw: the large ones are laid out only.
      const small = networks[name].parameters < 5e6
      const model = small ? buildNetwork({ name, classes: 10, seed: 1 }) : joinLayers({ name, classes: 10 })
      const parameters = model.trainableWeights.reduce(
        (sum, weight) => sum + weight.shape.reduce<number>((product, size) => product * size!, 1),
        0,
      )
      expect(parameters).toBe(expected[name])
      expect(parameters).toBe(networks[name].parameters)
      // The table's are rounded.
      expect(Math.abs(networks[name].multiplyAdds / multiplyAdds(model) - 1)).toBeLessThan(2e-3)
      if (published[name] !== undefined)
        expect(Math.abs(parameters / 1e6 - published[name])).toBeLessThan(published[name] < 1 ? 0.0125 : 0.051)
      const { smallestSize } = networks[name]
      expect(Math.min(...[...shapes(model, smallestSize, smallestSize).values()].flat())).toBeGreaterThan(0)
      for (const shape of small
        ? ([
            [1, smallestSize, smallestSize, 3],
            [2, 2 * smallestSize, smallestSize, 3],
          ] as [number, number, number, number][])
        : []) {
        const logits = tf.tidy(() => (model.apply(tf.ones(shape)) as Tensor).dataSync())
        expect(logits).toHaveLength(shape[0] * 10)
        expect(logits.every(Number.isFinite)).toBe(true)
      }
      model.dispose()
    },
  )

  it('draws its first weights from the seed alone, with the variance of He et al.', () => {
    const kernels = (seed: number) => {
      const model = buildNetwork({ name: 'resnet20', classes: 10, seed })
      const values = model.getLayer('stage3_unit2_conv1').getWeights()[0]!.dataSync<'float32'>().slice()
      model.dispose()
      return values
    }
    const values = kernels(1)
    expect(kernels(1)).toEqual(values)
    expect(kernels(2)).not.toEqual(values)
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length
    // 36,864 draws: five standard errors are 5 sqrt(2 / n) = 3.7 %.
    expect(Math.abs(variance / (2 / (9 * 64)) - 1)).toBeLessThan(0.037)
  })
})

describe('the serving model', () => {
  const settings = { mean: [120, 118, 110], std: [60, 61, 66] } as const
  const random = stream({ seed: 4, name: 'augment' })
  const bytes = Uint8Array.from({ length: 5 * 16 * 8 * 3 }, () => random.int(256))
  const pixels = () => tf.tensor4d(Float32Array.from(bytes), [5, 16, 8, 3])

  /** A network whose moving statistics are not the initial ones. */
  function trained(): LayersModel {
    const model = buildNetwork({ name: 'resnet8', classes: 4, seed: 2 })
    tf.tidy(() => {
      for (let i = 0; i < 3; i++) model.apply(tf.div(tf.sub(pixels(), 119), 62), { training: true })
    })
    return model
  }

  it.each([
    ['height', 1],
    ['width', 2],
  ] as const)('normalises, stacks along %s and ends in softmax, as done by hand', (axis, dimension) => {
    const model = trained()
    const serving = buildServingModel(model, { ...settings, stack: { images: 3, axis } })
    const byHand = tf.tidy(() => {
      const x = tf.div(tf.sub(pixels(), tf.tensor1d([...settings.mean])), tf.tensor1d([...settings.std]))
      return tf.softmax(model.apply(tf.concat([x, x, x], dimension)) as Tensor).dataSync()
    })
    const actual = tf.tidy(() => (serving.apply(pixels()) as Tensor).dataSync())
    actual.forEach((value, i) => expect(value).toBeCloseTo(byHand[i]!, 5))
  })

  it('follows the weights of the network, which it shares', () => {
    const model = trained()
    const serving = buildServingModel(model, { ...settings, stack: null })
    model.getLayer('logits').setWeights([tf.zeros([64, 4]), tf.tensor1d([0, 0, Math.log(2), 0])])
    const [first] = tf.tidy(() => (serving.apply(pixels()) as Tensor).arraySync() as number[][])
    first!.forEach((value, i) => expect(value).toBeCloseTo(i === 2 ? 0.4 : 0.2, 6))
  })

  it('consists of standard layers: plain TensorFlow.js loads it and agrees', async () => {
    const serving = buildServingModel(trained(), { ...settings, stack: { images: 2, axis: 'height' } })
    const expectedValues = tf.tidy(() => (serving.apply(pixels()) as Tensor).dataSync())
    let saved!: ModelArtifacts
    await serving.save({
      save: async (artifacts) => {
        saved = artifacts
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
      },
    })
    const classNames = new Set(
      (saved.modelTopology as { config: { layers: { class_name: string }[] } }).config.layers.map(
        (layer) => layer.class_name,
      ),
    )
    expect([...classNames].sort()).toEqual([
      'Activation',
      'Add',
      'BatchNormalization',
      'Concatenate',
      'Conv2D',
      'Dense',
      'GlobalAveragePooling2D',
      'InputLayer',
      'ZeroPadding2D',
    ])
    // tfjs-node builds on this very package, so the backend has to be given back.
    await plain.setBackend('cpu')
    let values
    try {
      const loaded = await plain.loadLayersModel(plain.io.fromMemory(saved))
      values = (loaded.predict(plain.tensor4d(Float32Array.from(bytes), [5, 16, 8, 3])) as plain.Tensor).dataSync()
    } finally {
      await plain.setBackend('tensorflow')
    }
    values.forEach((value, i) => expect(value).toBeCloseTo(expectedValues[i]!, 4))
  })

  it('runs as a recorded forward pass in batches that need not divide the count', () => {
    const serving = buildServingModel(trained(), { ...settings, stack: { images: 2, axis: 'height' } })
    const options = { model: serving, height: 16, width: 8, precision: 'float32' } as const
    const recorded = recordForward({ ...options, batchSize: 2, execution: 'graph' })
    const eager = recordForward({ ...options, batchSize: 5, execution: 'eager' })
    expect(recorded.fallbackReason).toBeUndefined()
    const [a, b] = [recorded.run(bytes), eager.run(bytes)]
    expect(a).toHaveLength(5 * 4)
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5))
    expect(recorded.run(new Uint8Array(0))).toHaveLength(0)
    expect(() => recorded.run(bytes.subarray(1))).toThrow(/not whole images/)
    recorded.dispose()
  })
})
