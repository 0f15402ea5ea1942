import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'
import { fillRectangle, rectangleAround } from './rectangle.js'

/** A square about any pixel, so that parts of it may lie outside (DeVries and Taylor 2017). */
export function cutout(canvas: Canvas, random: Stream, { size, fill }: { size: number; fill: number }): void {
  const centre = { y: random.int(canvas.height), x: random.int(canvas.width) }
  fillRectangle(canvas, rectangleAround(centre, { height: size, width: size }, canvas), fill)
}
