import { gaussianBlur } from './gaussianBlur.js'
import { toBytes, type CorruptionContext, type CorruptImage } from './imageCorruption.js'

/**
 * Frosted glass: blur, let pixels take the value of a random neighbour, blur again.
 *
 * The published code means to swap two pixels, but both sides of its assignment are views of one array, so the
 * neighbour overwrites the pixel and keeps its own value. The published files were made that way; so are ours: a copy,
 * not a swap.
 */
export function glassBlur(
  { sigma, reach, passes }: { sigma: number; reach: number; passes: number },
  { height, width }: CorruptionContext,
): CorruptImage {
  const values = new Float64Array(height * width * 3)
  const blur = gaussianBlur({ height, width, channels: 3, sigma })
  return (source, out, draw) => {
    for (let i = 0; i < values.length; i++) values[i] = source[i]! / 255
    blur(values)
    for (let i = 0; i < values.length; i++) out[i] = values[i]! * 255
    for (let pass = 0; pass < passes; pass++) {
      for (let y = height - reach; y > reach; y--) {
        for (let x = width - reach; x > reach; x--) {
          const dx = draw.int(2 * reach) - reach
          const dy = draw.int(2 * reach) - reach
          const to = (y * width + x) * 3
          const from = to + (dy * width + dx) * 3
          out[to] = out[from]!
          out[to + 1] = out[from + 1]!
          out[to + 2] = out[from + 2]!
        }
      }
    }
    for (let i = 0; i < values.length; i++) values[i] = out[i]! / 255
    blur(values)
    toBytes(values, out)
  }
}
