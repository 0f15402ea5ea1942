import type { Canvas } from './canvas.js'

const table = new Uint8Array(256)

/** Pillow's `ImageOps.autocontrast`: each channel is stretched to 0..255. */
export function autocontrast({ pixels }: Canvas): void {
  for (let c = 0; c < 3; c++) {
    let [low, high] = [255, 0]
    for (let i = c; i < pixels.length; i += 3) {
      const value = pixels[i]!
      if (value < low) low = value
      if (value > high) high = value
    }
    if (high <= low) continue
    const scale = 255 / (high - low)
    const offset = -low * scale
    for (let value = low; value <= high; value++)
      table[value] = Math.min(255, Math.max(0, Math.trunc(value * scale + offset)))
    for (let i = c; i < pixels.length; i += 3) pixels[i] = table[pixels[i]!]!
  }
}
