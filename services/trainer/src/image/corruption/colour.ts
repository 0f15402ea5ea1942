/** Brightness, contrast, saturation: a pixel becomes a function of itself (and, for contrast, of the image's mean). */
import { toBytes, type CorruptionContext, type CorruptImage } from './imageCorruption.js'

/**
 * HSV value + amount, which may be below 0. With hue and saturation kept, all three channels are multiplied by what the
 * largest of them is; a black pixel becomes grey.
 */
export function brightness({ amount }: { amount: number }): CorruptImage {
  return (source, out) => {
    for (let i = 0; i < out.length; i += 3) {
      const value = Math.max(source[i]!, source[i + 1]!, source[i + 2]!) / 255
      const raised = Math.max(0, Math.min(1, value + amount))
      for (let c = 0; c < 3; c++)
        out[i + c] = value === 0 ? raised * 255 : (source[i + c]! / 255 / value) * raised * 255
    }
  }
}

/** (x - mean) * factor + mean, the mean being that of the channel over the image. */
export function contrast({ factor }: { factor: number }, { height, width }: CorruptionContext): CorruptImage {
  const values = new Float64Array(height * width * 3)
  return (source, out) => {
    for (let c = 0; c < 3; c++) {
      let sum = 0
      for (let i = c; i < source.length; i += 3) sum += source[i]! / 255
      const mean = sum / (height * width)
      for (let i = c; i < source.length; i += 3) values[i] = (source[i]! / 255 - mean) * factor + mean
    }
    toBytes(values, out)
  }
}

/**
 * HSV saturation * factor + shift. Every channel is `value - value * saturation * q` with q in 0..1, so q is kept. Grey
 * pixels have no hue; the published code takes red for it, so a shift above 0 turns them reddish, and ours does the
 * same.
 */
export function saturate({ factor, shift }: { factor: number; shift: number }): CorruptImage {
  return (source, out) => {
    for (let i = 0; i < out.length; i += 3) {
      const high = Math.max(source[i]!, source[i + 1]!, source[i + 2]!)
      const spread = high - Math.min(source[i]!, source[i + 1]!, source[i + 2]!)
      const value = high / 255
      const saturation = Math.min(1, Math.max(0, (high === 0 ? 0 : spread / high) * factor + shift))
      for (let c = 0; c < 3; c++) {
        const q = spread === 0 ? (c === 0 ? 0 : 1) : (high - source[i + c]!) / spread
        out[i + c] = value * (1 - saturation * q) * 255
      }
    }
  }
}
