import * as plain from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import {
  recordForward,
  tf,
  type LayersModel,
  type ModelArtifacts,
  type Tensor,
  type Tensor4D,
} from '@imclr/trainer/engine/testing'
import { buildNetwork, buildServingModel } from '@imclr/trainer/networks/testing'
import { stream } from '@imclr/trainer/random/testing'

const [n, height, width] = [3, 16, 9]
const settings = { mean: [120, 118, 110], std: [60, 61, 66] } as const
const random = stream({ seed: 4, name: 'augment' })
const bytes = Uint8Array.from({ length: n * height * width * 3 }, () => random.int(256))
const pixels = () => tf.tensor4d(Float32Array.from(bytes), [n, height, width, 3])
/** The bytes mirrored left to right, by index. */
const mirrored = Uint8Array.from(bytes, (_, i) => {
  const [channel, x, row] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / (3 * width))]
  return bytes[(row * width + width - 1 - x) * 3 + channel]!
})
const values = (model: LayersModel) => tf.tidy(() => (model.apply(pixels()) as Tensor).dataSync().slice())
const network = buildNetwork({ name: 'resnet8', classes: 4, seed: 2 })

/** What the network says to these parts, joined by hand. */
const joined = (parts: Uint8Array[], axis: 1 | 2) =>
  tf.tidy(() => {
    const tensors = parts.map((part) => {
      const x = tf.tensor4d(Float32Array.from(part), [n, height, width, 3])
      return tf.div(tf.sub(x, tf.tensor1d([...settings.mean])), tf.tensor1d([...settings.std])) as Tensor4D
    })
    return tf
      .softmax(network.apply(tensors.length === 1 ? tensors[0]! : tf.concat(tensors, axis)) as Tensor)
      .dataSync()
      .slice()
  })
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  Array.from(expected).forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5))

describe('what the serving model makes of a picture', () => {
  it('single: the picture itself, though training inputs were stacked', () => {
    close(
      values(buildServingModel(network, { ...settings, stack: { images: 2, axis: 'height', testInput: 'single' } })),
      joined([bytes], 1),
    )
  })

  it.each([
    ['height', 1],
    ['width', 2],
  ] as const)(
    'self-mirror along %s: its mirror image as the partner, in turn where they are more',
    (axis, dimension) => {
      const serving = (images: number) =>
        buildServingModel(network, { ...settings, width, stack: { images, axis, testInput: 'self-mirror' } })
      close(values(serving(2)), joined([bytes, mirrored], dimension))
      close(values(serving(3)), joined([bytes, mirrored, bytes], dimension))
      const difference = values(serving(2)).map((value, i) => Math.abs(value - joined([bytes, bytes], dimension)[i]!))
      expect(Math.max(...difference)).toBeGreaterThan(1e-3)
    },
  )

  it('mirrors only if it knows the width', () => {
    expect(() =>
      buildServingModel(network, { ...settings, stack: { images: 2, axis: 'height', testInput: 'self-mirror' } }),
    ).toThrow(RangeError)
  })

  it('a mirroring model loads in plain TensorFlow.js, runs recorded, and says the same', async () => {
    const serving = buildServingModel(network, {
      ...settings,
      width,
      stack: { images: 2, axis: 'height', testInput: 'self-mirror' },
    })
    const expected = values(serving)
    const forward = recordForward({
      model: serving,
      height,
      width,
      precision: 'float32',
      batchSize: 2,
      execution: 'graph',
    })
    expect(forward.fallbackReason).toBeUndefined()
    close(forward.run(bytes), expected)
    forward.dispose()

    let saved!: ModelArtifacts
    await serving.save({
      save: async (artifacts) => {
        saved = artifacts
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
      },
    })
    // tfjs-node builds on this very package, so the backend has to be given back.
    await plain.setBackend('cpu')
    try {
      const loaded = await plain.loadLayersModel(plain.io.fromMemory(saved))
      const answers = (
        loaded.predict(plain.tensor4d(Float32Array.from(bytes), [n, height, width, 3])) as plain.Tensor
      ).dataSync()
      expected.forEach((value, i) => expect(answers[i]).toBeCloseTo(value, 4))
    } finally {
      await plain.setBackend('tensorflow')
    }
  })
})
