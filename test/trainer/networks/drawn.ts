/** Weights and pictures that test/pytorch/drawn.py draws likewise, so that fixtures need not hold them. */
import { actsInTrainingOnly } from '@imclr/trainer/networks/testing'
import { tf, type LayersModel } from '@imclr/trainer/engine/testing'

/** Uniform in [-1, 1): a hash of the name and the place, as in drawn.py. */
export function draws(name: string, count: number): Float64Array {
  let phase = 0
  for (const byte of Buffer.from(name)) phase = (Math.imul(phase, 31) + byte) >>> 0
  return Float64Array.from({ length: count }, (_, place) => {
    let x = (Math.imul(place, 2654435761) + phase) >>> 0
    for (const [shift, factor] of [
      [16, 2246822519],
      [13, 3266489917],
      [16, 668265263],
    ] as const)
      x = Math.imul(x ^ (x >>> shift), factor) >>> 0
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1
  })
}

const range: Record<string, (fanIn: number) => [base: number, spread: number]> = {
  kernel: (fanIn) => [0, Math.sqrt(6 / fanIn)],
  gamma: () => [1, 0.3],
  beta: () => [0, 0.3],
  moving_mean: () => [0, 0.3],
  moving_variance: () => [1, 0.3],
  bias: () => [0, 0.1],
}

export function fill(model: LayersModel): void {
  for (const layer of model.layers.filter((one) => one.weights.length > 0 && !actsInTrainingOnly(one))) {
    const values = layer.weights.map(({ originalName, shape }) => {
      const kind = originalName.split('/').at(-1)!
      const sizes = shape as number[]
      const fanIn = sizes.slice(0, -1).reduce((product, size) => product * size, 1)
      const [base, spread] =
        layer.name === 'logits' && kind === 'kernel' ? [0, Math.sqrt(3 / fanIn)] : range[kind]!(fanIn)
      const size = sizes.reduce((product, side) => product * side, 1)
      return tf.tensor(
        Float32Array.from(draws(`${layer.name}/${kind}`, size), (value) => base + spread * value),
        sizes,
      )
    })
    layer.setWeights(values)
    tf.dispose(values)
  }
}

/** Bytes `[rows, height, width, 3]`. */
export const drawImages = (rows: number, height: number, width: number, name = 'pixels') =>
  Uint8Array.from(draws(name, rows * height * width * 3), (value) => Math.floor((value + 1) * 128))

/** Soft, float32 `[rows, classes]`. */
export function drawLabels(rows: number, classes: number): Float32Array {
  const weights = draws('labels', rows * classes).map((value) => value + 1)
  return Float32Array.from(weights, (value, i) => {
    const row = Math.floor(i / classes) * classes
    return value / weights.subarray(row, row + classes).reduce((sum, one) => sum + one, 0)
  })
}

/** What drawn images are normalised by. */
export const normalisation = { mean: [127.5, 127.5, 127.5], std: [64, 64, 64] } as const
