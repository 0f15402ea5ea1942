import type { CorruptImage } from '../corruption/imageCorruption.js'

/** A projective map in the plane, by rows; points are pixel centres at whole numbers. */
export type PlaneMap = readonly [number, number, number, number, number, number, number, number, number]

interface Size {
  height: number
  width: number
}

/**
 * Moves an image: every pixel of the result is read, bilinearly, at the point that `back` gives for it. What lies
 * outside the image is black; within the outermost half pixel its border counts. Cut off to bytes, as Pillow's
 * transform.
 *
 * @param back from points of the result to points of the source
 */
export function warp(back: PlaneMap, { height, width }: Size): CorruptImage {
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = back
  return (source, out) => {
    for (let y = 0, p = 0; y < height; y++) {
      for (let x = 0; x < width; x++, p += 3) {
        const depth = m6 * x + m7 * y + m8
        const u = (m0 * x + m1 * y + m2) / depth
        const v = (m3 * x + m4 * y + m5) / depth
        if (!(u >= -0.5 && v >= -0.5 && u < width - 0.5 && v < height - 0.5)) {
          out[p] = out[p + 1] = out[p + 2] = 0
          continue
        }
        const left = Math.floor(u)
        const top = Math.floor(v)
        const x0 = Math.max(0, left) * 3
        const x1 = Math.min(width - 1, left + 1) * 3
        const y0 = Math.max(0, top) * width * 3
        const y1 = Math.min(height - 1, top + 1) * width * 3
        for (let c = 0; c < 3; c++) {
          const upper = source[y0 + x0 + c]! + (source[y0 + x1 + c]! - source[y0 + x0 + c]!) * (u - left)
          const lower = source[y1 + x0 + c]! + (source[y1 + x1 + c]! - source[y1 + x0 + c]!) * (u - left)
          out[p + c] = upper + (lower - upper) * (v - top)
        }
      }
    }
  }
}

/** A linear map about the centre of the image, as its inverse: x = a x' + b y', y = c x' + d y'. */
function aboutCentre([a, b, c, d]: readonly [number, number, number, number], { height, width }: Size): PlaneMap {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2]
  return [a, b, cx - a * cx - b * cy, c, d, cy - c * cx - d * cy, 0, 0, 1]
}

const radians = (degrees: number) => (degrees * Math.PI) / 180

/** By whole pixels, to the right. */
export const shifted = (pixels: number): PlaneMap => [1, 0, -pixels, 0, 1, 0, 0, 0, 1]

/** Clockwise. */
export function rotated(degrees: number, size: Size): PlaneMap {
  const [cos, sin] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))]
  return aboutCentre([cos, sin, -sin, cos], size)
}

/** Enlarged by `factor`. */
export const scaled = (factor: number, size: Size): PlaneMap => aboutCentre([1 / factor, 0, 0, 1 / factor], size)

/** Rows slide along each other, the upper ones to the right. */
export const sheared = (degrees: number, size: Size): PlaneMap =>
  aboutCentre([1, Math.tan(radians(degrees)), 0, 1], size)

/** Turned out of the plane about both of its axes, seen from as far away as its diagonal is long. */
export function tilted(degrees: number, { height, width }: Size): PlaneMap {
  const [cos, sin] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))]
  const far = Math.hypot(height, width)
  // Points about the centre, turned about y, then about x; the depth they get divides them.
  const [cx, cy] = [width / 2, height / 2]
  const x: Row = [cos, 0, -sin]
  const depthOfY: Row = [sin, 0, cos]
  const y: Row = [-sin * sin, cos, -sin * cos]
  const z: Row = [cos * depthOfY[0], sin, cos * depthOfY[2]]
  const centred = ([a, b, c]: Row): Row => [a, b, c - a * cx - b * cy]
  const [rx, ry, rz] = [centred(x), centred(y), centred([z[0], z[1], z[2] + far])]
  const forward = [
    ...plus(times(rx, far), times(rz, cx)),
    ...plus(times(ry, far), times(rz, cy)),
    ...rz,
  ] as unknown as PlaneMap
  return inverse(forward)
}

type Row = readonly [number, number, number]
const times = ([a, b, c]: Row, factor: number): Row => [a * factor, b * factor, c * factor]
const plus = (a: Row, b: Row): Row => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]

/** By the adjugate; the scale of a projective map is of no account, so nothing is divided. */
function inverse([a, b, c, d, e, f, g, h, i]: PlaneMap): PlaneMap {
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ]
}
