import { reflect101 } from '../borders.js'
import { gaussianTaps } from './gaussianBlur.js'
import { toBytes, type CorruptionContext, type CorruptImage } from './imageCorruption.js'

interface Tap {
  dy: number
  dx: number
  weight: number
}

/**
 * A disk on the pixel grid, smoothed by a small Gaussian (3x3, 5x5 for radii above 8) against its jagged edge: the
 * pupil of a lens that is out of focus.
 */
function diskKernel(radius: number, alias: number): Tap[] {
  const reach = radius <= 8 ? 8 : Math.ceil(radius)
  const side = 2 * reach + 1
  const disk = new Float64Array(side * side)
  let inside = 0
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      if (x * x + y * y > radius * radius) continue
      disk[(y + reach) * side + x + reach] = 1
      inside++
    }
  }
  const blurRadius = radius <= 8 ? 1 : 2
  const taps = gaussianTaps(alias, blurRadius)
  const kernel: Tap[] = []
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let weight = 0
      for (let v = -blurRadius; v <= blurRadius; v++) {
        for (let u = -blurRadius; u <= blurRadius; u++) {
          const at = reflect101(y + v, side) * side + reflect101(x + u, side)
          weight += (taps[Math.abs(v)]! * taps[Math.abs(u)]! * disk[at]!) / inside
        }
      }
      if (weight > 1e-10) kernel.push({ dy: y - reach, dx: x - reach, weight })
    }
  }
  return kernel
}

/** Convolution with a disk. */
export function defocusBlur(
  { radius, alias }: { radius: number; alias: number },
  { height, width }: CorruptionContext,
): CorruptImage {
  const kernel = diskKernel(radius, alias)
  const reach = Math.max(...kernel.map((tap) => Math.abs(tap.dy)))
  const row = (width + 2 * reach) * 3
  const padded = new Float64Array((height + 2 * reach) * row)
  const from = Int32Array.from({ length: padded.length }, (_, i) => {
    const y = reflect101(Math.floor(i / row) - reach, height)
    const x = reflect101(Math.floor((i % row) / 3) - reach, width)
    return (y * width + x) * 3 + (i % 3)
  })
  const offsets = Int32Array.from(kernel, (tap) => (tap.dy + reach) * row + (tap.dx + reach) * 3)
  const weights = Float64Array.from(kernel, (tap) => tap.weight)
  const values = new Float64Array(height * width * 3)
  return (source, out) => {
    for (let i = 0; i < padded.length; i++) padded[i] = source[from[i]!]! / 255
    values.fill(0)
    for (let t = 0; t < offsets.length; t++) {
      const weight = weights[t]!
      for (let y = 0; y < height; y++) {
        const read = offsets[t]! + y * row
        const write = y * width * 3
        for (let x = 0; x < width * 3; x++) values[write + x]! += weight * padded[read + x]!
      }
    }
    toBytes(values, out)
  }
}
