import { reflect101 } from '../borders.js'
import { canny } from './canny.js'
import { chamferDistance } from './chamferDistance.js'

type Kernel = readonly [number, number, number, number, number, number, number, number, number]
const emboss: Kernel = [-2, -1, 0, -1, 1, 1, 0, 1, 2]
const ninth = 1 / 9
const even: Kernel = [ninth, ninth, ninth, ninth, ninth, ninth, ninth, ninth, ninth]

/**
 * How light falls on drops of water: the distance to their outlines (at most 20 pixels), smoothed, its histogram
 * equalised, embossed and smoothed again.
 *
 * @returns a function from the liquid `[height, width]` to its relief, 0..255
 */
export function liquidRelief(height: number, width: number): (liquid: Uint8Array) => Uint8Array {
  const pixels = height * width
  const edges = new Uint8Array(pixels)
  const distances = new Float64Array(pixels)
  const filtered = new Float64Array(pixels)
  const relief = new Uint8Array(pixels)
  const outline = canny({ height, width, low: 50, high: 150 })
  const distance = chamferDistance(height, width)
  const filter = filter3x3(height, width)
  return (liquid) => {
    outline(liquid, edges)
    distance(edges, distances)
    for (let p = 0; p < pixels; p++) distances[p] = Math.min(20, distances[p]!)
    filter(distances, even, filtered)
    // Cut off, but an average of equal integers is that integer
    for (let p = 0; p < pixels; p++) relief[p] = filtered[p]! + 1e-6
    equalise(relief)
    filter(relief, emboss, filtered)
    for (let p = 0; p < pixels; p++) relief[p] = Math.min(255, Math.max(0, filtered[p]!))
    filter(relief, even, filtered)
    for (let p = 0; p < pixels; p++) relief[p] = Math.round(filtered[p]!)
    return relief
  }
}

function filter3x3(height: number, width: number) {
  const rows = Int32Array.from({ length: height + 2 }, (_, y) => reflect101(y - 1, height) * width)
  const columns = Int32Array.from({ length: width + 2 }, (_, x) => reflect101(x - 1, width))
  return (source: Uint8Array | Float64Array, kernel: Kernel, target: Float64Array): void => {
    const [a, b, c, d, e, f, g, h, i] = kernel
    for (let y = 0; y < height; y++) {
      const up = rows[y]!
      const mid = rows[y + 1]!
      const low = rows[y + 2]!
      for (let x = 0; x < width; x++) {
        const l = columns[x]!
        const m = columns[x + 1]!
        const r = columns[x + 2]!
        target[y * width + x] =
          a * source[up + l]! +
          b * source[up + m]! +
          c * source[up + r]! +
          d * source[mid + l]! +
          e * source[mid + m]! +
          f * source[mid + r]! +
          g * source[low + l]! +
          h * source[low + m]! +
          i * source[low + r]!
      }
    }
  }
}

/**
 * Histogram equalisation of bytes, in place: the darkest value becomes 0, the others their share of the remaining
 * pixels.
 */
function equalise(bytes: Uint8Array): void {
  const histogram = new Int32Array(256)
  for (const value of bytes) histogram[value]!++
  const darkest = histogram.findIndex((count) => count > 0)
  const rest = bytes.length - histogram[darkest]!
  if (rest === 0) return
  const table = new Uint8Array(256)
  for (let value = darkest + 1, sum = 0; value < 256; value++) {
    sum += histogram[value]!
    table[value] = Math.round((sum * 255) / rest)
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = table[bytes[i]!]!
}
