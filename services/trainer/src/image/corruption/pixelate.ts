import type { CorruptionContext, CorruptImage } from './imageCorruption.js'

/** Fixed point with 22 bits after the point, as Pillow's resize computes on bytes. */
const one = 2 ** 22

interface Box {
  first: number
  weights: Int32Array
}

/** The box filter of Pillow: which source pixels one target pixel averages, with which weights. */
function boxes(length: number, target: number): Box[] {
  const scale = length / target
  const support = 0.5 * Math.max(1, scale)
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - support + 0.5))
    const last = Math.min(length, Math.trunc(centre + support + 0.5))
    const inside = Array.from({ length: last - first }, (_, k) => {
      const distance = (first + k - centre + 0.5) / Math.max(1, scale)
      return distance > -0.5 && distance <= 0.5 ? 1 : 0
    })
    const sum = inside.reduce<number>((total, weight) => total + weight, 0)
    return { first, weights: Int32Array.from(inside, (weight) => Math.floor((weight / sum) * one + 0.5)) }
  })
}

/** Shrinks to `share` of each side by a box filter and enlarges again by repeating pixels. */
export function pixelate({ share }: { share: number }, { height, width }: CorruptionContext): CorruptImage {
  const small = { height: Math.max(1, Math.trunc(height * share)), width: Math.max(1, Math.trunc(width * share)) }
  const columns = boxes(width, small.width)
  const rows = boxes(height, small.height)
  const narrow = new Uint8Array(height * small.width * 3)
  const shrunk = new Uint8Array(small.height * small.width * 3)
  const back = Int32Array.from({ length: height * width }, (_, p) => {
    const y = Math.trunc(((Math.floor(p / width) + 0.5) * small.height) / height)
    const x = Math.trunc((((p % width) + 0.5) * small.width) / width)
    return (y * small.width + x) * 3
  })
  return (source, out) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < small.width; x++) {
        const { first, weights } = columns[x]!
        for (let c = 0; c < 3; c++) {
          let sum = one / 2
          for (let k = 0; k < weights.length; k++) sum += weights[k]! * source[(y * width + first + k) * 3 + c]!
          narrow[(y * small.width + x) * 3 + c] = Math.min(255, Math.floor(sum / one))
        }
      }
    }
    for (let y = 0; y < small.height; y++) {
      const { first, weights } = rows[y]!
      for (let i = 0; i < small.width * 3; i++) {
        let sum = one / 2
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(first + k) * small.width * 3 + i]!
        shrunk[y * small.width * 3 + i] = Math.min(255, Math.floor(sum / one))
      }
    }
    for (let p = 0; p < back.length; p++) {
      const from = back[p]!
      out[3 * p] = shrunk[from]!
      out[3 * p + 1] = shrunk[from + 1]!
      out[3 * p + 2] = shrunk[from + 2]!
    }
  }
}
