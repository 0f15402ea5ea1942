import { reflect, reflect101, type Border } from '../borders.js'
import { gaussianBlur } from './gaussianBlur.js'
import { toBytes, type CorruptionContext, type CorruptImage } from './imageCorruption.js'

export interface ElasticParameters {
  /** Displacement, its smoothness and the jitter of the affine map, all as multiples of the image's side. */
  alpha: number
  sigma: number
  affine: number
}

/**
 * A random affine map (three points of the image, each moved by up to `affine`), then a smooth random displacement:
 * uniform noise in -1..1, blurred, times `alpha`. After Simard, Steinkraus and Platt 2003.
 */
export function elasticTransform(
  { alpha, sigma, affine }: ElasticParameters,
  { height, width }: CorruptionContext,
): CorruptImage {
  const pixels = height * width
  const side = Math.min(height, width)
  const image = new Float64Array(pixels * 3)
  const moved = new Float64Array(pixels * 3)
  const xs = new Float64Array(pixels)
  const ys = new Float64Array(pixels)
  const blur = gaussianBlur({ height, width, channels: 1, sigma: sigma * side, truncate: 3, border: reflect })
  const straight = resampler({ height, width, xs, ys, border: reflect101 })
  const bent = resampler({ height, width, xs, ys, border: reflect })
  return (source, out, draw) => {
    for (let i = 0; i < image.length; i++) image[i] = source[i]! / 255
    if (affine > 0) {
      const [m0, m1, m2, m3, m4, m5] = inverseAffine({
        height,
        width,
        draw: () => (2 * draw.uniform() - 1) * affine * side,
      })
      for (let y = 0, p = 0; y < height; y++) {
        for (let x = 0; x < width; x++, p++) {
          xs[p] = m0 * x + m1 * y + m2
          ys[p] = m3 * x + m4 * y + m5
        }
      }
      straight(image, moved)
      image.set(moved)
    }
    if (alpha > 0) {
      for (const field of [xs, ys]) {
        for (let p = 0; p < pixels; p++) field[p] = 2 * draw.uniform() - 1
        blur(field)
      }
      for (let y = 0, p = 0; y < height; y++) {
        for (let x = 0; x < width; x++, p++) {
          xs[p] = x + xs[p]! * alpha * side
          ys[p] = y + ys[p]! * alpha * side
        }
      }
      bent(image, moved)
      image.set(moved)
    }
    toBytes(image, out)
  }
}

interface Sampling {
  height: number
  width: number
  /** For every target pixel, where in the source it is read. */
  xs: Float64Array
  ys: Float64Array
  border: Border
}

/**
 * Bilinear reading of `[height, width, 3]` at the points that `xs` and `ys` hold when the returned function is called.
 */
function resampler({ height, width, xs, ys, border }: Sampling) {
  return (from: Float64Array, to: Float64Array): void => {
    for (let p = 0; p < xs.length; p++) {
      const x = xs[p]!
      const y = ys[p]!
      const left = Math.floor(x)
      const top = Math.floor(y)
      const u = x - left
      const v = y - top
      const inside = top >= 0 && left >= 0 && top + 1 < height && left + 1 < width
      const y0 = (inside ? top : border(top, height)) * width
      const y1 = (inside ? top + 1 : border(top + 1, height)) * width
      const x0 = inside ? left : border(left, width)
      const x1 = inside ? left + 1 : border(left + 1, width)
      for (let c = 0; c < 3; c++) {
        const upper = from[(y0 + x0) * 3 + c]! * (1 - u) + from[(y0 + x1) * 3 + c]! * u
        const lower = from[(y1 + x0) * 3 + c]! * (1 - u) + from[(y1 + x1) * 3 + c]! * u
        to[3 * p + c] = upper * (1 - v) + lower * v
      }
    }
  }
}

type Affine = readonly [number, number, number, number, number, number]

/**
 * Three corners of a square around the centre are moved by `draw`; returns the map from the moved to the old point,
 * x = m0 x' + m1 y' + m2, y = m3 x' + m4 y' + m5.
 */
function inverseAffine({ height, width, draw }: { height: number; width: number; draw: () => number }): Affine {
  const cx = Math.floor(width / 2)
  const cy = Math.floor(height / 2)
  const half = Math.floor(Math.min(height, width) / 3)
  const [ax, ay, bx, by, ex, ey] = [cx + half, cy + half, cx + half, cy - half, cx - half, cy - half]
  const [px, py, qx, qy, rx, ry] = [ax + draw(), ay + draw(), bx + draw(), by + draw(), ex + draw(), ey + draw()]
  // Barycentric: the edges p - r and q - r of the moved triangle go to the edges a - e and b - e of the old one.
  const [ux, uy, vx, vy] = [px - rx, py - ry, qx - rx, qy - ry]
  const area = ux * vy - uy * vx
  const m0 = ((ax - ex) * vy - (bx - ex) * uy) / area
  const m1 = ((bx - ex) * ux - (ax - ex) * vx) / area
  const m3 = ((ay - ey) * vy - (by - ey) * uy) / area
  const m4 = ((by - ey) * ux - (ay - ey) * vx) / area
  return [m0, m1, ex - m0 * rx - m1 * ry, m3, m4, ey - m3 * rx - m4 * ry]
}
