import type { Stream } from '../random/stream.js'

export interface AugmentSettings {
  height: number
  width: number
  /** Pixels of black on each side that a crop of the old size may reach into. Black, since in the usual recipe zeros are padded before normalisation. */
  cropPadding: number
  /** Mirror left to right with probability one half. */
  flip: boolean
}

export interface AugmentBatch {
  /** uint8 `[n, height, width, 3]` */
  images: Uint8Array
  /** Which images, in order: `[b]`. */
  places: ArrayLike<number>
  /** Draws top, left and flip of one image after another, whatever is switched on. */
  random: Stream
  /** uint8 `[b, height, width, 3]` */
  out: Uint8Array
}

/** The "Base" augmentation of the paper (method.md 1.1): random crop after zero padding, random flip; on bytes, row by row. */
export function augment({ images, places, random, out }: AugmentBatch, { height, width, cropPadding, flip }: AugmentSettings): void {
  const size = height * width * 3
  for (let i = 0; i < places.length; i++) {
    const top = random.int(2 * cropPadding + 1) - cropPadding
    const left = random.int(2 * cropPadding + 1) - cropPadding
    const mirrored = random.bits() >= 0x8000_0000
    cropInto(images, { from: places[i]! * size, to: i * size, top, left, height, width, mirrored: mirrored && flip, out })
  }
}

interface Crop {
  from: number
  to: number
  /** Of the crop within the picture; negative: above it, left of it. */
  top: number
  left: number
  height: number
  width: number
  mirrored: boolean
  out: Uint8Array
}

function cropInto(images: Uint8Array, { from, to, top, left, height, width, mirrored, out }: Crop): void {
  const row = width * 3
  // Columns of the crop that lie within the picture.
  const first = Math.max(0, -left)
  const end = Math.min(width, width - left)
  if (top !== 0 || left !== 0) out.fill(0, to, to + height * row)
  if (end <= first) return
  for (let y = Math.max(0, -top), last = Math.min(height, height - top); y < last; y++) {
    const source = from + ((y + top) * width + first + left) * 3
    const target = to + y * row
    if (!mirrored) out.set(images.subarray(source, source + (end - first) * 3), target + first * 3)
    else mirrorPixels(images, out, { source, target: target + (width - first) * 3, count: (end - first) * 3 })
  }
}

/** Writes `count` bytes of pixels backwards, ending before `target`. */
function mirrorPixels(images: Uint8Array, out: Uint8Array, { source, target, count }: { source: number; target: number; count: number }): void {
  for (let i = 0, t = target - 3; i < count; i += 3, t -= 3) {
    out[t] = images[source + i]!
    out[t + 1] = images[source + i + 1]!
    out[t + 2] = images[source + i + 2]!
  }
}
