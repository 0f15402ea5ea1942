import type { Stream } from '../../random/stream.js'

/** A decoded picture: RGB bytes `[height, width, 3]`. */
export interface RgbImage {
  bytes: Uint8Array
  height: number
  width: number
}

/** The size of all images that a corruption is prepared for, and the frost it may draw on. */
export interface CorruptionContext {
  height: number
  width: number
  /** Pictures of frost to crop from. Drawn on demand: most corruptions have none. */
  frost: () => readonly RgbImage[]
}

/**
 * Corrupts one image: reads `source` `[h, w, 3]`, writes all of `out` (another array), takes its randomness from
 * `draw`. Prepared once per parameters and size, with its tables and scratch, so that nothing is allocated per image.
 */
export type CorruptImage = (source: Uint8Array, out: Uint8Array, draw: Stream) => void

/** `values * 255`, clipped and cut off (not rounded) to bytes, as the published files were made. Values are in 0..1. */
export function toBytes(values: ArrayLike<number>, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!
    out[i] = value <= 0 ? 0 : value >= 1 ? 255 : value * 255
  }
}
