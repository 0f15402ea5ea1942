import type { Canvas } from './canvas.js'

/** Left to right, in place. */
export function flip({ height, width, pixels }: Canvas): void {
  for (let y = 0; y < height; y++) {
    for (let a = y * width * 3, b = a + (width - 1) * 3; a < b; a += 3, b -= 3) {
      for (let c = 0; c < 3; c++) {
        const held = pixels[a + c]!
        pixels[a + c] = pixels[b + c]!
        pixels[b + c] = held
      }
    }
  }
}
