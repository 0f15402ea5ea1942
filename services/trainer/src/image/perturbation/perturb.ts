import { stream } from '../../random/stream.js'
import { tableFor, type TableName } from '../corruption/table.js'
import { type PerturbationName } from '@imclr/contract'
import { perturbations } from './table.js'

export interface PerturbationSettings {
  height: number
  width: number
  name: PerturbationName
  seed: number
  /** The table of parameters; by default the one that fits the size. */
  table?: TableName
}

/**
 * Prepares one perturbation for images of one size. The randomness of every image's sequence comes from the stream
 * (seed, 'perturb', perturbation, index of the image).
 *
 * @returns how long a sequence is, and a function from `[count, h, w, 3]` and the images' indices to
 * `[count, frames, h, w, 3]`; it
 *   holds scratch memory, so calls must not overlap
 */
export function preparePerturbation({
  height,
  width,
  name,
  seed,
  table = tableFor(height, width),
}: PerturbationSettings): { frames: number; perturb: (images: Uint8Array, indices: ArrayLike<number>) => Uint8Array } {
  const { number, parameters, prepare } = perturbations[name]
  const noFrost = () => {
    throw new Error('no perturbation has frost')
  }
  const perturbImage = prepare(table, { height, width, frost: noFrost })
  const { frames } = parameters(table)
  const size = height * width * 3
  return {
    frames,
    perturb(images, indices) {
      const out = new Uint8Array(indices.length * frames * size)
      for (let i = 0; i < indices.length; i++) {
        const sequence = out.subarray(i * frames * size, (i + 1) * frames * size)
        perturbImage(
          images.subarray(i * size, (i + 1) * size),
          sequence,
          stream({ seed, name: 'perturb', epoch: number, index: indices[i]! }),
        )
      }
      return out
    },
  }
}
