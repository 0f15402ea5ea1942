import { swapBuffers, type Canvas } from './canvas.js'

/**
 * Pixel (x, y) of the result is taken from (a x + b y + c, d x + e y + f) of the picture, centres of pixels lying at
 * halves.
 */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export interface Sampling {
  filter: 'nearest' | 'bilinear'
  /** Of what lies outside, 0..255, in all channels. */
  fill: number
}

/** Pillow's `Image.transform(size, AFFINE, matrix)`, to the byte. */
export function affine(canvas: Canvas, matrix: Matrix, { filter, fill }: Sampling): void {
  canvas.spare.fill(fill)
  const [a, b, c, d, e, f] = matrix
  const toThePixel = a === 1 && b === 0 && Number.isInteger(c) && d === 0 && e === 1 && Number.isInteger(f)
  if (filter === 'bilinear' && !toThePixel) bilinear(canvas, matrix)
  else if (b === 0 && d === 0) scaled(canvas, matrix)
  else nearest(canvas, matrix)
  swapBuffers(canvas)
}

/** Without rotation and shear Pillow takes columns and rows on their own, in floating point. */
function scaled({ height, width, pixels, spare }: Canvas, [a, , c, , e, f]: Matrix): void {
  let yIn = f + e * 0.5
  for (let y = 0; y < height; y++, yIn += e) {
    if (yIn < 0 || yIn >= height) continue
    const source = Math.floor(yIn) * width * 3
    let xIn = c + a * 0.5
    for (let x = 0, out = y * width * 3; x < width; x++, out += 3, xIn += a) {
      if (xIn < 0 || xIn >= width) continue
      const from = source + Math.floor(xIn) * 3
      spare[out] = pixels[from]!
      spare[out + 1] = pixels[from + 1]!
      spare[out + 2] = pixels[from + 2]!
    }
  }
}

const fixed = (value: number) => Math.floor(value * 65536 + 0.5)

/** In fixed point, 16 bits after the point, as Pillow has it. */
function nearest({ height, width, pixels, spare }: Canvas, [a, b, c, d, e, f]: Matrix): void {
  const [stepX, stepY] = [fixed(a), fixed(d)]
  const [rowStepX, rowStepY] = [fixed(b), fixed(e)]
  let rowX = fixed(c + a * 0.5 + b * 0.5)
  let rowY = fixed(f + d * 0.5 + e * 0.5)
  for (let y = 0, out = 0; y < height; y++, rowX += rowStepX, rowY += rowStepY) {
    let pointX = rowX
    let pointY = rowY
    for (let x = 0; x < width; x++, out += 3, pointX += stepX, pointY += stepY) {
      const xIn = pointX >> 16
      const yIn = pointY >> 16
      if (xIn < 0 || xIn >= width || yIn < 0 || yIn >= height) continue
      const from = (yIn * width + xIn) * 3
      spare[out] = pixels[from]!
      spare[out + 1] = pixels[from + 1]!
      spare[out + 2] = pixels[from + 2]!
    }
  }
}

const between = (from: number, to: number, share: number) => from + (to - from) * share

/** Between the centres of four pixels, those at the edge repeated; cut off to bytes, not rounded. */
function bilinear({ height, width, pixels, spare }: Canvas, [a, b, c, d, e, f]: Matrix): void {
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++, out += 3) {
      const xIn = a * (x + 0.5) + b * (y + 0.5) + c
      const yIn = d * (x + 0.5) + e * (y + 0.5) + f
      if (xIn < 0 || xIn >= width || yIn < 0 || yIn >= height) continue
      const left = Math.floor(xIn - 0.5)
      const top = Math.floor(yIn - 0.5)
      const dx = xIn - 0.5 - left
      const dy = yIn - 0.5 - top
      const x0 = left < 0 ? 0 : left
      const x1 = left + 1 < width ? left + 1 : width - 1
      const y0 = (top < 0 ? 0 : top) * width
      const y1 = (top + 1 < height ? top + 1 : height - 1) * width
      const topLeft = (y0 + x0) * 3
      const topRight = (y0 + x1) * 3
      const lowLeft = (y1 + x0) * 3
      const lowRight = (y1 + x1) * 3
      for (let channel = 0; channel < 3; channel++) {
        const above = between(pixels[topLeft + channel]!, pixels[topRight + channel]!, dx)
        const below = between(pixels[lowLeft + channel]!, pixels[lowRight + channel]!, dx)
        spare[out + channel] = between(above, below, dy)
      }
    }
  }
}
