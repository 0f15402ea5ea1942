/**
 * Small pictures that are hard on a corruption in different ways: smooth colour, sharp edges, fine texture, grey, black
 * and white parts. uint8 `[height, width, 3]`, drawn by formula.
 */
export function testImage(height: number, width: number, which: number): Uint8Array {
  const bytes = new Uint8Array(height * width * 3)
  const level = (value: number) => Math.min(255, Math.max(0, Math.round(value)))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = x / width
      const v = y / height
      const i = (y * width + x) * 3
      const inDisc = (u - 0.6) ** 2 + (v - 0.4) ** 2 < 0.06
      const texture = 20 * Math.sin(1.7 * x + which) * Math.cos(2.3 * y)
      if (u < 0.25 && v > 0.7)
        bytes.fill(((x ^ y) & 1) * 255, i, i + 3) // a checkerboard of black and white
      else if (u > 0.8 && v > 0.8)
        bytes.fill(level(120 + which * 10), i, i + 3) // grey
      else {
        bytes[i] = level(inDisc ? 230 - 40 * which : 255 * u + texture)
        bytes[i + 1] = level(inDisc ? 60 + 50 * which : 200 * (1 - v) + texture)
        bytes[i + 2] = level(inDisc ? 40 : 128 + 100 * Math.sin(6 * (u + v) + which))
      }
    }
  }
  return bytes
}
