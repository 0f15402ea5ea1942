/**
 * Pillow's `ImageEnhance`: the picture is moved away from, or towards, a plainer one of itself. Factor 1 changes
 * nothing, 0 gives the plain one, above 1 exaggerates.
 */
import { swapBuffers, type Canvas } from './canvas.js'
import { applyTable } from './tones.js'

/**
 * Pillow's `blend` of two bytes, in its single precision; cut off at 0 and 255, not rounded.
 *
 * @param factor single precision
 */
function blend(plain: number, value: number, factor: number): number {
  const mixed = Math.fround(plain + Math.fround(factor * (value - plain)))
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed | 0
}

/** Pillow's luminance of a pixel (ITU-R 601-2, in 16 bits). */
const luminance = (red: number, green: number, blue: number) =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16

const table = new Uint8Array(256)

function blendWithGray(canvas: Canvas, gray: number, factor: number): void {
  const single = Math.fround(factor)
  for (let value = 0; value < 256; value++) table[value] = blend(gray, value, single)
  applyTable(canvas, table)
}

/** From black. */
export const brightness = (canvas: Canvas, factor: number): void => blendWithGray(canvas, 0, factor)

/** From the mean of its luminance. */
export function contrast(canvas: Canvas, factor: number): void {
  const { pixels } = canvas
  let sum = 0
  for (let i = 0; i < pixels.length; i += 3) sum += luminance(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!)
  blendWithGray(canvas, Math.floor(sum / (pixels.length / 3) + 0.5), factor)
}

/** From its luminance: less or more saturated. */
export function color({ pixels }: Canvas, factor: number): void {
  const single = Math.fround(factor)
  for (let i = 0; i < pixels.length; i += 3) {
    const gray = luminance(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!)
    pixels[i] = blend(gray, pixels[i]!, single)
    pixels[i + 1] = blend(gray, pixels[i + 1]!, single)
    pixels[i + 2] = blend(gray, pixels[i + 2]!, single)
  }
}

/** From its smoothed self: weights 1, the middle 5, of 13; the outermost pixels stay as they are. */
export function sharpness(canvas: Canvas, factor: number): void {
  const { height, width, pixels, spare } = canvas
  const row = width * 3
  const single = Math.fround(factor)
  spare.set(pixels)
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + 3, end = (y + 1) * row - 3; i < end; i++) {
      const value = pixels[i]!
      const above = pixels[i - row - 3]! + pixels[i - row]! + pixels[i - row + 3]!
      const below = pixels[i + row - 3]! + pixels[i + row]! + pixels[i + row + 3]!
      const sum = above + below + pixels[i - 3]! + pixels[i + 3]! + 5 * value
      // Rounded; there are no ties in thirteenths.
      spare[i] = blend(((2 * sum + 13) / 26) | 0, value, single)
    }
  }
  swapBuffers(canvas)
}
