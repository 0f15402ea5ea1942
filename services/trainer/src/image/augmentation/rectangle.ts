import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'

/** Rows top..bottom-1 and columns left..right-1, within the picture. */
export interface Rectangle {
  top: number
  left: number
  bottom: number
  right: number
}

/**
 * `height` x `width` pixels about a centre, cut off at the borders; halves are rounded down, as in the authors' code of
 * Cutout and CutMix.
 */
export function rectangleAround(
  centre: { y: number; x: number },
  size: { height: number; width: number },
  picture: { height: number; width: number },
): Rectangle {
  const clip = (value: number, end: number) => Math.min(end, Math.max(0, value))
  const [halfHeight, halfWidth] = [size.height >> 1, size.width >> 1]
  return {
    top: clip(centre.y - halfHeight, picture.height),
    left: clip(centre.x - halfWidth, picture.width),
    bottom: clip(centre.y + halfHeight, picture.height),
    right: clip(centre.x + halfWidth, picture.width),
  }
}

/** @param fill 0..255, or uniform noise */
export function fillRectangle(
  { width, pixels }: Canvas,
  { top, left, bottom, right }: Rectangle,
  fill: number | Stream,
): void {
  for (let y = top; y < bottom; y++) {
    const [from, to] = [(y * width + left) * 3, (y * width + right) * 3]
    if (typeof fill === 'number') pixels.fill(fill, from, to)
    else for (let i = from; i < to; i++) pixels[i] = fill.bits() >>> 24
  }
}
