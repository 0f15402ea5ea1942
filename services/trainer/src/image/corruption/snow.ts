import type { CorruptionContext, CorruptImage } from './imageCorruption.js'
import type { Stream } from '../../random/stream.js'
import { motionBlurPlane, motionTaps } from './motionBlur.js'
import { enlarge, zoomSide } from './zoomBlur.js'

export interface SnowParameters {
  /** Mean and standard deviation of the noise that flakes are cut from. */
  mean: number
  deviation: number
  /** Size of the flakes. */
  zoom: number
  /** Noise below it is no flake. */
  threshold: number
  /** Of the motion blur of the flakes. */
  radius: number
  sigma: number
  /** Weight of the image itself; the rest goes to a whitened copy of it. */
  keep: number
}

/**
 * Flakes (noise, enlarged, cut, blurred along a fall direction of -135..-45 degrees), once as they are and once turned
 * by 180 degrees.
 */
export function snow(parameters: SnowParameters, context: CorruptionContext): CorruptImage {
  const { draw: drawFlakes, cover } = snowfall(parameters, context)
  return (source, out, draw) => {
    drawFlakes(draw)
    cover(source, out, -135 + 90 * draw.uniform())
  }
}

/** Snow in two steps: `draw` makes flakes, `cover` lays them over an image as they fall in a direction (degrees). */
export function snowfall(parameters: SnowParameters, { height, width }: CorruptionContext) {
  const { mean, deviation, zoom, threshold, radius, sigma, keep } = parameters
  const rows = zoomSide(height, zoom)
  const columns = zoomSide(width, zoom)
  const noise = new Float64Array(height * width)
  const flakes = new Float64Array(rows.length * columns.length)
  const blurred = new Float64Array(flakes.length)
  const grow = enlarge({ rows, columns, channels: 1, height: rows.length, width: columns.length }, width)
  const blur = motionBlurPlane(motionTaps(radius, sigma), { height: rows.length, width: columns.length, channels: 1 })
  const layer = new Float64Array(height * width)
  const cut = (line: Float64Array, y: number) => {
    for (let x = 0; x < line.length; x++)
      flakes[y * line.length + x] = line[x]! < threshold ? 0 : Math.min(1, Math.max(0, line[x]!))
  }
  return {
    draw(draw: Stream): void {
      for (let i = 0; i < noise.length; i++) noise[i] = mean + deviation * draw.normal()
      grow(noise, cut)
    },
    cover(source: Uint8Array, out: Uint8Array, angle: number): void {
      blur(flakes, blurred, angle)
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) layer[y * width + x] = Math.round(blurred[y * columns.length + x]! * 255) / 255
      }
      for (let p = 0; p < layer.length; p++) {
        const red = source[3 * p]! / 255
        const green = source[3 * p + 1]! / 255
        const blue = source[3 * p + 2]! / 255
        const white = (0.299 * red + 0.587 * green + 0.114 * blue) * 1.5 + 0.5
        const fallen = layer[p]! + layer[layer.length - 1 - p]!
        for (let c = 0; c < 3; c++) {
          const value = source[3 * p + c]! / 255
          out[3 * p + c] = Math.min(255, (keep * value + (1 - keep) * Math.max(value, white) + fallen) * 255)
        }
      }
    },
  }
}
