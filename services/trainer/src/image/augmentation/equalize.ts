import type { Canvas } from './canvas.js'

const counts = new Uint32Array(256)
const table = new Uint8Array(256)

/** Pillow's `ImageOps.equalize`: each channel gets an even histogram, as far as whole values can. */
export function equalize({ pixels }: Canvas): void {
  for (let c = 0; c < 3; c++) {
    counts.fill(0)
    for (let i = c; i < pixels.length; i += 3) counts[pixels[i]!]!++
    let highest = 255
    while (counts[highest] === 0) highest--
    const step = Math.floor((pixels.length / 3 - counts[highest]!) / 255)
    if (step === 0) continue
    for (let value = 0, below = step >> 1; value < 256; below += counts[value++]!)
      table[value] = Math.min(255, Math.floor(below / step))
    for (let i = c; i < pixels.length; i += 3) pixels[i] = table[pixels[i]!]!
  }
}
