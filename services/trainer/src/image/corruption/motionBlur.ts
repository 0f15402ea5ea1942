import type { CorruptionContext, CorruptImage } from './imageCorruption.js'

/** The kernel of ImageMagick's -motion-blur: one half of a Gaussian, 2 radius + 1 taps, from the pixel backwards. */
export function motionTaps(radius: number, sigma: number): Float64Array {
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)))
  let sum = 0
  for (const tap of taps) sum += tap
  return taps.map((tap) => tap / sum)
}

interface Plane {
  height: number
  width: number
  channels: number
}

/**
 * Adds up copies of the image shifted along a direction, each weighed by its tap; what a shift uncovers is filled with
 * the nearest pixel, and shifts as long as the image is wide or high end the sum.
 *
 * @returns a function that writes the blurred `source` `[height, width, channels]` to `target`, for an angle in degrees
 */
export function motionBlurPlane(taps: Float64Array, { height, width, channels }: Plane) {
  const columns = new Int32Array(width * channels)
  return (source: ArrayLike<number>, target: Float64Array, angle: number): void => {
    const radians = (angle * Math.PI) / 180
    const down = taps.length * Math.sin(radians)
    const right = taps.length * Math.cos(radians)
    const length = Math.hypot(down, right)
    target.fill(0)
    for (let i = 0; i < taps.length; i++) {
      const dy = -Math.ceil((i * down) / length - 0.5)
      const dx = -Math.ceil((i * right) / length - 0.5)
      if (Math.abs(dy) >= height || Math.abs(dx) >= width) break
      for (let x = 0; x < width; x++) {
        const from = Math.min(width - 1, Math.max(0, x - dx)) * channels
        for (let c = 0; c < channels; c++) columns[x * channels + c] = from + c
      }
      const tap = taps[i]!
      for (let y = 0; y < height; y++) {
        const read = Math.min(height - 1, Math.max(0, y - dy)) * width * channels
        const write = y * width * channels
        for (let x = 0; x < columns.length; x++) target[write + x]! += tap * source[read + columns[x]!]!
      }
    }
  }
}

/** Motion in a direction drawn from -45..45 degrees. */
export function motionBlur(
  { radius, sigma }: { radius: number; sigma: number },
  { height, width }: CorruptionContext,
): CorruptImage {
  const blur = motionBlurPlane(motionTaps(radius, sigma), { height, width, channels: 3 })
  const values = new Float64Array(height * width * 3)
  return (source, out, draw) => {
    blur(source, values, -45 + 90 * draw.uniform())
    for (let i = 0; i < out.length; i++) out[i] = Math.min(255, values[i]!)
  }
}
