import type { CorruptionContext, CorruptImage, RgbImage } from './imageCorruption.js'

/** The image under a random part of a random frost picture: keep * x + frost * picture, on bytes. */
export function frost(
  { keep, frost: weight }: { keep: number; frost: number },
  { height, width, frost: load }: CorruptionContext,
): CorruptImage {
  const pictures = load()
  return (source, out, draw) => {
    const picture = pictures[draw.int(pictures.length)]!
    const top = draw.int(picture.height - height)
    const left = draw.int(picture.width - width)
    for (let y = 0; y < height; y++) {
      const read = ((top + y) * picture.width + left) * 3
      const write = y * width * 3
      for (let x = 0; x < width * 3; x++) {
        out[write + x] = Math.min(255, keep * source[write + x]! + weight * picture.bytes[read + x]!)
      }
    }
  }
}

/**
 * Scales photographs of frost for cropping: by `scale` (0.2 for the table of 32 pixels, 0.3 for 64, 1 for 224), but never below what
 * holds the image with a pixel to spare. Bilinear between pixel centres, without smoothing, as OpenCV's resize does.
 *
 * @throws RangeError for bytes that do not fit their height and width
 */
export function scaleFrost(
  photographs: readonly RgbImage[],
  scale: number,
  { height, width }: { height: number; width: number },
): RgbImage[] {
  return photographs.map((photograph, i) => {
    if (photograph.bytes.length !== photograph.height * photograph.width * 3) {
      throw new RangeError(
        `frost photograph ${i} has ${photograph.bytes.length} bytes, not ${photograph.height} x ${photograph.width} x 3`,
      )
    }
    const needed = Math.max((height + 1) / photograph.height, (width + 1) / photograph.width)
    return scaleBilinear(photograph, Math.max(scale, needed))
  })
}

function scaleBilinear(source: RgbImage, scale: number): RgbImage {
  if (scale === 1) return source
  const height = Math.round(source.height * scale)
  const width = Math.round(source.width * scale)
  const bytes = new Uint8Array(height * width * 3)
  const place = (i: number, length: number) => Math.min(length - 1, Math.max(0, (i + 0.5) / scale - 0.5))
  for (let y = 0; y < height; y++) {
    const sy = place(y, source.height)
    const top = Math.floor(sy)
    const bottom = Math.min(source.height - 1, top + 1)
    for (let x = 0; x < width; x++) {
      const sx = place(x, source.width)
      const left = Math.floor(sx)
      const right = Math.min(source.width - 1, left + 1)
      const at = (row: number, column: number, c: number) => source.bytes[(row * source.width + column) * 3 + c]!
      for (let c = 0; c < 3; c++) {
        const upper = at(top, left, c) * (1 - sx + left) + at(top, right, c) * (sx - left)
        const lower = at(bottom, left, c) * (1 - sx + left) + at(bottom, right, c) * (sx - left)
        bytes[(y * width + x) * 3 + c] = Math.round(upper * (1 - sy + top) + lower * (sy - top))
      }
    }
  }
  return { bytes, height, width }
}
