import { reflect101 } from '../borders.js'
import { swapBuffers, type Canvas } from './canvas.js'

export interface Shift {
  /** Where the new picture's corner lies in the old one, in pixels; negative: above it, left of it. */
  top: number
  left: number
  /**
   * What is seen outside: black (the usual recipe pads with zeros before normalisation), or the picture mirrored
   * without repeating its edge.
   */
  border: 'zero' | 'reflect'
}

/** A crop of a padded picture at its own size, which is a translation by whole pixels; row by row. */
export function shift(canvas: Canvas, { top, left, border }: Shift): void {
  if (top === 0 && left === 0) return
  const { height, width, pixels, spare } = canvas
  const row = width * 3
  // Columns of the result that lie within the picture.
  const first = Math.min(width, Math.max(0, -left))
  const end = Math.max(first, Math.min(width, width - left))
  if (border === 'zero') spare.fill(0)
  for (let y = 0; y < height; y++) {
    const inside = y + top >= 0 && y + top < height
    if (border === 'zero' && !inside) continue
    const source = (inside ? y + top : reflect101(y + top, height)) * row
    const target = y * row
    spare.set(pixels.subarray(source + (first + left) * 3, source + (end + left) * 3), target + first * 3)
    if (border === 'zero') continue
    for (let x = 0; x < width; x = x === first - 1 ? end : x + 1) {
      if (x >= first && x < end) continue
      const from = source + reflect101(x + left, width) * 3
      for (let c = 0; c < 3; c++) spare[target + x * 3 + c] = pixels[from + c]!
    }
  }
  swapBuffers(canvas)
}
