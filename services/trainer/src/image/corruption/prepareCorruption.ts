import { stream } from '../../random/stream.js'
import type { RgbImage } from './imageCorruption.js'
import { proceduralFrost } from './proceduralFrost.js'
import { type CorruptionName, type Severity } from '@imclr/contract'
import { corruptions, tableFor, type TableName } from './table.js'

/** Encodes RGB bytes `[height, width, 3]` as JPEG of a quality from 1 to 100 and decodes them again. */
export type JpegRoundTrip = (image: RgbImage, quality: number) => Promise<Uint8Array>

export interface CorruptionSettings {
  height: number
  width: number
  name: CorruptionName
  severity: Severity
  seed: number
  /** The table of parameters; by default the one that fits the size. */
  table?: TableName
  /** Needed by jpeg_compression alone. */
  jpeg?: JpegRoundTrip
}

export interface Batch {
  /** uint8 `[count, height, width, 3]` */
  images: Uint8Array
  count: number
  /**
   * Which image each one is, for its random stream: the same image gets the same noise in whatever batch. Default 0, 1,
   * 2...
   */
  indices?: ArrayLike<number>
  /** Where the result goes; another array than `images`. */
  out?: Uint8Array
}

/** How many JPEG images are under way at once: the codec works in threads of its own. */
const jpegsAtOnce = 8

/**
 * Prepares one cell of the grid for images of one size. The randomness of every image comes from the stream (seed,
 * 'corrupt', corruption and severity, index of the image).
 *
 * @returns a function that corrupts batches; it holds scratch memory, so calls must not overlap
 * @throws RangeError when jpeg_compression is asked for without a codec, or sizes do not fit
 */
export function prepareCorruption(settings: CorruptionSettings): (batch: Batch) => Promise<Uint8Array> {
  const { height, width, name, severity, seed, jpeg } = settings
  const corruption = corruptions[name]
  const table = settings.table ?? tableFor(height, width)
  const parameters = corruption.parameters(table, severity)
  const size = height * width * 3
  const context = { height, width, frost: () => proceduralFrost(seed, settings) }
  const corruptImage = corruption.prepare?.(parameters, context)
  if (!corruptImage && !jpeg) throw new RangeError(`${name} needs a JPEG codec: pass jpeg`)
  const epoch = corruption.number * 10 + severity

  return async ({ images, count, indices, out = new Uint8Array(count * size) }) => {
    if (images.length < count * size || out.length < count * size) {
      throw new RangeError(
        `${count} images of ${height} x ${width} x 3 need ${count * size} bytes, got ${images.length} and ${out.length} for the result`,
      )
    }
    if (!corruptImage) {
      for (let first = 0; first < count; first += jpegsAtOnce) {
        const some = Array.from({ length: Math.min(jpegsAtOnce, count - first) }, (_, k) => (first + k) * size)
        await Promise.all(
          some.map(async (start) => {
            out.set(
              await jpeg!({ bytes: images.subarray(start, start + size), height, width }, parameters['quality']!),
              start,
            )
          }),
        )
      }
      return out
    }
    for (let i = 0; i < count; i++) {
      const start = i * size
      const index = indices ? indices[i]! : i
      corruptImage(
        images.subarray(start, start + size),
        out.subarray(start, start + size),
        stream({ seed, name: 'corrupt', epoch, index }),
      )
    }
    return out
  }
}
