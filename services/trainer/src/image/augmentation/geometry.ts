import { affine, type Sampling } from './affine.js'
import type { Canvas } from './canvas.js'

/**
 * Pillow's `Image.rotate(degrees)`: anticlockwise about the middle. The sums are in its order, so that they are rounded
 * alike.
 */
export function rotate(canvas: Canvas, degrees: number, sampling: Sampling): void {
  const angle = -(((degrees % 360) + 360) % 360) * (Math.PI / 180)
  if (angle === 0) return
  const [cosine, sine] = [rounded(Math.cos(angle)), rounded(Math.sin(angle))]
  const [x, y] = [canvas.width / 2, canvas.height / 2]
  affine(canvas, [cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y], sampling)
}

/** To 15 digits, so that a quarter turn is one. */
const rounded = (value: number) => Number(value.toFixed(15))

/** About the top left corner; `factor` pixels to the side per row. */
export const shearX = (canvas: Canvas, factor: number, sampling: Sampling): void =>
  affine(canvas, [1, factor, 0, 0, 1, 0], sampling)
export const shearY = (canvas: Canvas, factor: number, sampling: Sampling): void =>
  affine(canvas, [1, 0, 0, factor, 1, 0], sampling)

/** By pixels, whole or not; above zero to the left (upwards). */
export const translateX = (canvas: Canvas, pixels: number, sampling: Sampling): void =>
  affine(canvas, [1, 0, pixels, 0, 1, 0], sampling)
export const translateY = (canvas: Canvas, pixels: number, sampling: Sampling): void =>
  affine(canvas, [1, 0, 0, 0, 1, pixels], sampling)
