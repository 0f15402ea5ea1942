import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'

/**
 * Adds rounded normal noise to every value and cuts off at 0 and 255. Of 32 random bits two values are made, by a table
 * of the distribution in steps of 2^-16, so what lies beyond 4.3 deviations does not occur.
 *
 * @param sigma of 255
 */
export function gaussianNoise(sigma: number): (canvas: Canvas, random: Stream) => void {
  const quantiles = roundedNormal(sigma * 255)
  return ({ pixels }, random) => {
    for (let i = 0; i < pixels.length; i += 2) {
      const bits = random.bits()
      pixels[i] = clip(pixels[i]! + quantiles[bits & 0xffff]!)
      if (i + 1 < pixels.length) pixels[i + 1] = clip(pixels[i + 1]! + quantiles[bits >>> 16]!)
    }
  }
}

const clip = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value)

/** The whole numbers that N(0, sigma) rounds to, each as often as its probability has it: 2^16, ascending. */
export function roundedNormal(sigma: number): Int16Array {
  const table = new Int16Array(65536)
  // From the middle outwards: the two halves mirror each other. `area`: of the density from 0 to edge + 1/2.
  let edge = 0
  let area = integral(0, 0.5 / sigma)
  for (let i = 0; i < 32768; i++) {
    while (area <= (i + 0.5) / 65536 && edge < 255) {
      area += integral((edge + 0.5) / sigma, (edge + 1.5) / sigma)
      edge++
    }
    table[32768 + i] = edge
    table[32767 - i] = -edge
  }
  return table
}

/** The integral of the standard normal density, by Simpson's rule. */
function integral(from: number, to: number): number {
  const pieces = 2 * Math.ceil((to - from) * 16) + 2
  const width = (to - from) / pieces
  let sum = 0
  for (let i = 0; i <= pieces; i++) {
    const x = from + i * width
    sum += (i === 0 || i === pieces ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-0.5 * x * x)
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI)
}
