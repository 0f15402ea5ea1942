import type { Canvas } from './canvas.js'

const { fround } = Math
/** The fractional part of a number from 0 to below 2. */
const wrapped = (value: number) => (value >= 1 ? value - 1 : value)

/** Bytes as shares of one; which sixth of the circle an angle of 0..255 lies in, and how far. */
const shares = Float32Array.from({ length: 256 }, (_, value) => value / 255)
const sectors = Uint8Array.from({ length: 256 }, (_, angle) => Math.floor((angle * 6) / 255) % 6)
const rests = Float32Array.from({ length: 256 }, (_, angle) => ((angle * 6) / 255) % 1)

/**
 * Turns the colour circle, in Pillow's HSV of bytes: what torchvision's `adjust_hue` does to a Pillow image. Gray
 * pixels stay. Where Pillow is in single precision so are we: both cut off, so the last bit of a float decides.
 *
 * @param turns in -0.5..0.5; cut off to 255ths
 */
export function hue({ pixels }: Canvas, turns: number): void {
  const shift = Math.trunc(turns * 255)
  for (let i = 0; i < pixels.length; i += 3) {
    const red = pixels[i]!
    const green = pixels[i + 1]!
    const blue = pixels[i + 2]!
    const high = Math.max(red, green, blue)
    const low = Math.min(red, green, blue)
    if (high === low) continue
    const spread = high - low
    const r = fround((high - red) / spread)
    const g = fround((high - green) / spread)
    const b = fround((high - blue) / spread)
    const sixths = fround(red === high ? b - g : green === high ? 2 + r - b : 4 + g - r)
    const angle = (((fround(wrapped(sixths / 6 + 1)) * 255) | 0) + shift) & 0xff
    const saturation = shares[(fround(spread / high) * 255) | 0]!
    const rest = rests[angle]!
    const p = (high * (1 - saturation) + 0.5) | 0
    const q = (high * (1 - fround(saturation * rest)) + 0.5) | 0
    const t = (high * (1 - saturation * (1 - rest)) + 0.5) | 0
    const which = sectors[angle]!
    pixels[i] = which === 0 || which === 5 ? high : which === 1 ? q : which === 4 ? t : p
    pixels[i + 1] = which === 1 || which === 2 ? high : which === 0 ? t : which === 3 ? q : p
    pixels[i + 2] = which === 3 || which === 4 ? high : which === 2 ? t : which === 5 ? q : p
  }
}
