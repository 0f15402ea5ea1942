import type { DatasetManifest, GoldenFile } from '@imclr/contract'
import { tf } from '../engine/tf.js'
import { refuseNotFinite } from '../evaluation/refuseNotFinite.js'
import type { LayersModel } from '../engine/tf.js'

/** Largest allowed difference in probability between the exported model and the model loaded from the store. */
export const goldenTolerance = 1e-4

export interface GoldenInput {
  /** Path of the original picture within the artifact. */
  original: string
  label: string
  /** uint8 [height, width, 3] */
  pixels: Uint8Array
}

export interface GoldenOptions {
  picture: DatasetManifest['picture']
  inputs: readonly GoldenInput[]
  /** The name of the model in a failure. */
  subject: string
}

/**
 * Makes `golden.json`: the inputs with the answers of `model`. It runs single ops, because a recorded pass may hide an
 * infinite value within the network.
 * @throws Failure LOSS_NOT_FINITE when an answer is not finite
 */
export function makeGolden(model: LayersModel, { picture, inputs, subject }: GoldenOptions): GoldenFile {
  const cases = inputs.map(({ original, label, pixels }) => {
    const probabilities = answer(model, { pixels, ...picture })
    return { original, label, pixels: Buffer.from(pixels).toString('base64'), probabilities }
  })
  refuseNotFinite(
    { values: cases.flatMap(({ probabilities }) => probabilities), classes: cases[0]!.probabilities.length },
    subject,
  )
  return { picture, cases }
}

/** Largest difference between the golden outputs and those of `model`. Infinity if an output is not a number. */
export function goldenDifference(model: LayersModel, { picture, cases }: GoldenFile): number {
  const differences = cases.flatMap(({ pixels, probabilities }) => {
    const now = answer(model, { pixels: Buffer.from(pixels, 'base64'), ...picture })
    return now.length === probabilities.length ? now.map((value, i) => Math.abs(value - probabilities[i]!)) : [Infinity]
  })
  return Math.max(0, ...differences.map((difference) => (Number.isFinite(difference) ? difference : Infinity)))
}

function answer(
  model: LayersModel,
  { pixels, height, width }: { pixels: Uint8Array; height: number; width: number },
): number[] {
  return tf.tidy(() => {
    const input = tf.tensor4d(Float32Array.from(pixels), [1, height, width, 3])
    const output = model.predict(input)
    return Array.from((Array.isArray(output) ? output[0]! : output).dataSync())
  })
}
