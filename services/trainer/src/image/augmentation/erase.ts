import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'
import { fillRectangle } from './rectangle.js'

export interface Erase {
  probability: number
  /** Shares of the area. */
  smallest: number
  largest: number
  aspect: number
  fill: 'noise' | number
}

/** Rectangles that do not fit are drawn again, so often at most. */
const attempts = 10

/**
 * A rectangle inside of the picture: area uniform, aspect uniform in its logarithm (Zhong et al. 2020; torchvision's
 * reading).
 */
export function erase(canvas: Canvas, random: Stream, { probability, smallest, largest, aspect, fill }: Erase): void {
  if (random.uniform() >= probability) return
  const { height, width } = canvas
  for (let i = 0; i < attempts; i++) {
    const area = height * width * (smallest + random.uniform() * (largest - smallest))
    const ratio = aspect ** (2 * random.uniform() - 1)
    const [tall, wide] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))]
    if (tall >= height || wide >= width) continue
    const [top, left] = [random.int(height - tall + 1), random.int(width - wide + 1)]
    return fillRectangle(
      canvas,
      { top, left, bottom: top + tall, right: left + wide },
      fill === 'noise' ? random : fill,
    )
  }
}
