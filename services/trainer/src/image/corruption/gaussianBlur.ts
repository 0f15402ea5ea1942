import { nearest, type Border } from '../borders.js'
import { toBytes, type CorruptionContext, type CorruptImage } from './imageCorruption.js'

export interface BlurPlan {
  height: number
  width: number
  channels: number
  /** Standard deviation in pixels. */
  sigma: number
  /** The kernel reaches this many standard deviations to each side. */
  truncate?: number
  border?: Border
}

/** One half of a normalised Gaussian kernel, the centre first: the taps of scipy.ndimage.gaussian_filter1d. */
export function gaussianTaps(sigma: number, radius: number): Float64Array {
  const taps = Float64Array.from({ length: radius + 1 }, (_, i) =>
    i === 0 ? 1 : Math.exp((-0.5 / (sigma * sigma)) * (i * i)),
  )
  let sum = taps[0]!
  for (let i = 1; i <= radius; i++) sum += 2 * taps[i]!
  return taps.map((tap) => tap / sum)
}

/**
 * Prepares a separable Gaussian blur of `[height, width, channels]`, rows first, as scipy.ndimage.gaussian_filter and
 * skimage.filters.gaussian do (kernel cut at `truncate` standard deviations, border by default the nearest pixel).
 *
 * @returns a function that blurs `values` in place
 */
export function gaussianBlur({
  height,
  width,
  channels,
  sigma,
  truncate = 4,
  border = nearest,
}: BlurPlan): (values: Float64Array) => void {
  const radius = sigma > 0 ? Math.floor(truncate * sigma + 0.5) : 0
  if (radius === 0) return () => {}
  const taps = gaussianTaps(sigma, radius)
  const row = width * channels
  const between = new Float64Array(height * row)
  const padded = new Float64Array(row + 2 * radius * channels)
  const above = new Int32Array(height * (radius + 1))
  const below = new Int32Array(height * (radius + 1))
  for (let y = 0; y < height; y++) {
    for (let t = 0; t <= radius; t++) {
      above[y * (radius + 1) + t] = border(y - t, height) * row
      below[y * (radius + 1) + t] = border(y + t, height) * row
    }
  }
  const outside: number[] = [] // pairs: place in the padded row, place in the row
  for (let x = -radius; x < width + radius; x++) {
    if (x >= 0 && x < width) continue
    for (let c = 0; c < channels; c++) outside.push((x + radius) * channels + c, border(x, width) * channels + c)
  }
  const edges = Int32Array.from(outside)

  return (values) => {
    for (let y = 0; y < height; y++) {
      const start = y * row
      const centre = taps[0]!
      for (let x = 0; x < row; x++) between[start + x] = centre * values[start + x]!
      for (let t = radius; t >= 1; t--) {
        const tap = taps[t]!
        const up = above[y * (radius + 1) + t]!
        const down = below[y * (radius + 1) + t]!
        for (let x = 0; x < row; x++) between[start + x]! += tap * (values[up + x]! + values[down + x]!)
      }
    }
    const origin = radius * channels
    for (let y = 0; y < height; y++) {
      const start = y * row
      for (let x = 0; x < row; x++) padded[origin + x] = between[start + x]!
      for (let i = 0; i < edges.length; i += 2) padded[edges[i]!] = between[start + edges[i + 1]!]!
      const centre = taps[0]!
      for (let x = 0; x < row; x++) values[start + x] = centre * padded[origin + x]!
      for (let t = radius; t >= 1; t--) {
        const tap = taps[t]!
        const left = origin - t * channels
        const right = origin + t * channels
        for (let x = 0; x < row; x++) values[start + x]! += tap * (padded[left + x]! + padded[right + x]!)
      }
    }
  }
}

/** Gaussian blur of the whole image. */
export function gaussianBlurCorruption(
  { sigma, truncate }: { sigma: number; truncate?: number },
  { height, width }: Pick<CorruptionContext, 'height' | 'width'>,
): CorruptImage {
  const values = new Float64Array(height * width * 3)
  const blur = gaussianBlur({ height, width, channels: 3, sigma, truncate })
  return (source, out) => {
    for (let i = 0; i < values.length; i++) values[i] = source[i]! / 255
    blur(values)
    toBytes(values, out)
  }
}
