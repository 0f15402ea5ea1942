import { nearest } from '../borders.js'

/** tan(22.5 degrees) with 15 bits after the point. */
const tangent = 13_573

/**
 * Edges by Canny (1986) as OpenCV computes them: 3x3 Sobel, |dx| + |dy|, thinned across the gradient's direction, kept
 * where above `high` or above `low` and connected to such a pixel.
 *
 * @returns a function from bytes `[height, width]` to 1 (edge) or 0 in `edges`
 */
export function canny({ height, width, low, high }: { height: number; width: number; low: number; high: number }) {
  const pixels = height * width
  const dx = new Int32Array(pixels)
  const dy = new Int32Array(pixels)
  const frame = width + 2
  const magnitude = new Int32Array((height + 2) * frame) // one pixel of zero all around
  const left = Int32Array.from({ length: width }, (_, x) => nearest(x - 1, width))
  const right = Int32Array.from({ length: width }, (_, x) => nearest(x + 1, width))
  const pending = new Int32Array(pixels)
  const weak = new Uint8Array(pixels)

  const gradients = (image: Uint8Array) => {
    for (let y = 0; y < height; y++) {
      const above = nearest(y - 1, height) * width
      const below = nearest(y + 1, height) * width
      for (let x = 0; x < width; x++) {
        const l = left[x]!
        const r = right[x]!
        const p = y * width + x
        const here = y * width
        dx[p] =
          image[above + r]! -
          image[above + l]! +
          2 * (image[here + r]! - image[here + l]!) +
          image[below + r]! -
          image[below + l]!
        dy[p] =
          image[below + l]! -
          image[above + l]! +
          2 * (image[below + x]! - image[above + x]!) +
          image[below + r]! -
          image[above + r]!
        magnitude[(y + 1) * frame + x + 1] = Math.abs(dx[p]) + Math.abs(dy[p])
      }
    }
  }

  const isRidge = (p: number, at: number) => {
    const m = magnitude[at]!
    const xs = Math.abs(dx[p]!)
    const ys = Math.abs(dy[p]!) * 32_768
    const flat = xs * tangent
    if (ys < flat) return m > magnitude[at - 1]! && m >= magnitude[at + 1]!
    if (ys > flat + xs * 65_536) return m > magnitude[at - frame]! && m >= magnitude[at + frame]!
    const slant = (dx[p]! ^ dy[p]!) < 0 ? -1 : 1
    return m > magnitude[at - frame - slant]! && m > magnitude[at + frame + slant]!
  }

  return (image: Uint8Array, edges: Uint8Array): void => {
    gradients(image)
    edges.fill(0)
    weak.fill(0)
    let waiting = 0
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = y * width + x
        const at = (y + 1) * frame + x + 1
        if (magnitude[at]! <= low || !isRidge(p, at)) continue
        if (magnitude[at]! > high) {
          edges[p] = 1
          pending[waiting++] = p
        } else weak[p] = 1
      }
    }
    while (waiting > 0) {
      const p = pending[--waiting]!
      const x = p % width
      const y = (p - x) / width
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const q = v * width + u
          if (!weak[q]) continue
          weak[q] = 0
          edges[q] = 1
          pending[waiting++] = q
        }
      }
    }
  }
}
