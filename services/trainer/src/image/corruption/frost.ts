import type { CorruptionContext, CorruptImage } from './imageCorruption.js'

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
