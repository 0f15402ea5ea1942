import { gaussianBlur } from './gaussianBlur.js'
import type { CorruptionContext, CorruptImage } from './imageCorruption.js'
import { liquidRelief } from './liquidRelief.js'

export interface SpatterParameters {
  /** Mean and standard deviation of the noise that drops are cut from, and its blur in pixels. */
  mean: number
  deviation: number
  blur: number
  /** Noise below it is no drop. */
  threshold: number
  /** Brightness of water; blur of mud in pixels. */
  intensity: number
  /** 0: water, 1: mud. */
  mud: number
}

const water = [175 / 255, 238 / 255, 238 / 255] // pale turquoise
const brown = [63 / 255, 42 / 255, 20 / 255]

/** Drops of water (added light) or mud (covers the image). */
export function spatter(parameters: SpatterParameters, context: CorruptionContext): CorruptImage {
  const { height, width } = context
  const { mean, deviation, blur, threshold } = parameters
  const layer = new Float64Array(height * width)
  const smooth = gaussianBlur({ height, width, channels: 1, sigma: blur })
  const wet = parameters.mud === 0 ? addWater(parameters, context) : coverWithMud(parameters, context)
  return (source, out, draw) => {
    for (let p = 0; p < layer.length; p++) layer[p] = mean + deviation * draw.normal()
    smooth(layer)
    for (let p = 0; p < layer.length; p++) if (layer[p]! < threshold) layer[p] = 0
    wet(layer, source, out)
  }
}

type Wet = (layer: Float64Array, source: Uint8Array, out: Uint8Array) => void

/** Prepares drops of water: the light that a layer of liquid `[height, width]` adds. */
export function addWater(
  { intensity }: Pick<SpatterParameters, 'intensity'>,
  { height, width }: CorruptionContext,
): Wet {
  const liquid = new Uint8Array(height * width)
  const light = new Float64Array(height * width)
  const relief = liquidRelief(height, width)
  return (layer, source, out) => {
    for (let p = 0; p < liquid.length; p++) liquid[p] = layer[p]! * 255
    const height = relief(liquid)
    let brightest = 0
    for (let p = 0; p < light.length; p++) brightest = Math.max(brightest, (light[p] = liquid[p]! * height[p]!))
    const scale = brightest > 0 ? intensity / brightest : 0
    for (let p = 0; p < light.length; p++) {
      for (let c = 0; c < 3; c++) {
        const i = 3 * p + c
        out[i] = Math.min(255, (source[i]! / 255 + light[p]! * scale * water[c]!) * 255)
      }
    }
  }
}

function coverWithMud({ threshold, intensity }: SpatterParameters, { height, width }: CorruptionContext): Wet {
  const smooth = gaussianBlur({ height, width, channels: 1, sigma: intensity })
  return (layer, source, out) => {
    for (let p = 0; p < layer.length; p++) layer[p] = layer[p]! > threshold ? 1 : 0
    smooth(layer)
    for (let p = 0; p < layer.length; p++) {
      const cover = layer[p]! < 0.8 ? 0 : layer[p]!
      for (let c = 0; c < 3; c++) {
        const i = 3 * p + c
        out[i] = Math.min(255, ((source[i]! / 255) * (1 - cover) + brown[c]! * cover) * 255)
      }
    }
  }
}
