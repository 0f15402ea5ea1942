import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'
import { brightness, color, contrast } from './enhance.js'
import { hue } from './hue.js'

export interface Jitter {
  /** Factors are uniform in 1 - x .. 1 + x. */
  brightness: number
  contrast: number
  saturation: number
  /** Turns, uniform in -x .. x. */
  hue: number
}

/** torchvision's `ColorJitter`: the four in random order. */
export function jitter(canvas: Canvas, random: Stream, strength: Jitter): void {
  const order = random.permutation(4)
  const around = (x: number) => 1 + (2 * random.uniform() - 1) * x
  const factors = {
    brightness: around(strength.brightness),
    contrast: around(strength.contrast),
    saturation: around(strength.saturation),
    turns: around(strength.hue) - 1,
  }
  for (const which of order) {
    if (which === 0 && strength.brightness > 0) brightness(canvas, factors.brightness)
    if (which === 1 && strength.contrast > 0) contrast(canvas, factors.contrast)
    if (which === 2 && strength.saturation > 0) color(canvas, factors.saturation)
    if (which === 3 && strength.hue > 0) hue(canvas, factors.turns)
  }
}
