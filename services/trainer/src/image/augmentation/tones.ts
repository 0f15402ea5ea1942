/** A byte becomes a function of itself, the same in all channels: by table. Pillow's `ImageOps` of these names. */
import type { Canvas } from './canvas.js'

/** @param table the new value of each byte: 256 */
export function applyTable({ pixels }: Canvas, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!
}

const table = new Uint8Array(256)

export function invert({ pixels }: Canvas): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - pixels[i]!
}

/** Inverts what is at or above the threshold. */
export function solarize(canvas: Canvas, threshold: number): void {
  for (let value = 0; value < 256; value++) table[value] = value < threshold ? value : 255 - value
  applyTable(canvas, table)
}

/** Keeps the highest `bits` of each byte, 1 to 8. */
export function posterize({ pixels }: Canvas, bits: number): void {
  const mask = (0xff << (8 - bits)) & 0xff
  for (let i = 0; i < pixels.length; i++) pixels[i]! &= mask
}
