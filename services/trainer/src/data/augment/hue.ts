import type { Canvas } from './canvas.js'

const { fround } = Math

/**
 * Turns the colour circle, in Pillow's HSV of bytes: what torchvision's `adjust_hue` does to a Pillow image. Gray pixels stay. Where
 * Pillow is in single precision so are we: both cut off, so the last bit of a float decides.
 *
 * @param turns in -0.5..0.5; cut off to 255ths
 */
export function hue({ pixels }: Canvas, turns: number): void {
  const shift = Math.trunc(turns * 255)
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!]
    const high = Math.max(red, green, blue)
    const low = Math.min(red, green, blue)
    if (high === low) continue
    const spread = high - low
    const [r, g, b] = [fround((high - red) / spread), fround((high - green) / spread), fround((high - blue) / spread)]
    const sixths = fround(red === high ? b - g : green === high ? 2 + r - b : 4 + g - r)
    const angle = (Math.trunc(fround((sixths / 6 + 1) % 1) * 255) + shift) & 0xff
    const saturation = fround(Math.trunc(fround(spread / high) * 255) / 255)
    const sector = Math.floor((angle * 6) / 255)
    const rest = fround((angle * 6) / 255 - sector)
    const p = Math.round(high * (1 - saturation))
    const q = Math.round(high * (1 - fround(saturation * rest)))
    const t = Math.round(high * (1 - saturation * (1 - rest)))
    const which = sector % 6
    pixels[i] = which === 0 || which === 5 ? high : which === 1 ? q : which === 4 ? t : p
    pixels[i + 1] = which === 1 || which === 2 ? high : which === 0 ? t : which === 3 ? q : p
    pixels[i + 2] = which === 3 || which === 4 ? high : which === 2 ? t : which === 5 ? q : p
  }
}
