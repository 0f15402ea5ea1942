/** The four noises: every value of every channel is changed on its own. Values are scaled to 0..1 first. */
import type { CorruptImage } from './imageCorruption.js'
import { poissonTable } from './poissonTable.js'

const byte = (value: number) => (value <= 0 ? 0 : value >= 1 ? 255 : value * 255)

/** x + N(0, scale). */
export function gaussianNoise({ scale }: { scale: number }): CorruptImage {
  return (source, out, draw) => {
    for (let i = 0; i < out.length; i++) out[i] = byte(source[i]! / 255 + scale * draw.normal())
  }
}

/** x + x N(0, scale). */
export function speckleNoise({ scale }: { scale: number }): CorruptImage {
  return (source, out, draw) => {
    for (let i = 0; i < out.length; i++) {
      const value = source[i]! / 255
      out[i] = byte(value + value * scale * draw.normal())
    }
  }
}

/** Poisson(photons x) / photons. A byte has 256 values only, so the distributions of those that occur are tabulated. */
export function shotNoise({ photons }: { photons: number }): CorruptImage {
  const tables: ((uniform: number) => number)[] = []
  const bytes = Uint8Array.from({ length: photons + 1 }, (_, count) => byte(count / photons))
  return (source, out, draw) => {
    for (let i = 0; i < out.length; i++) {
      const value = source[i]!
      const count = (tables[value] ??= poissonTable((value / 255) * photons))(draw.uniform())
      out[i] = count >= photons ? 255 : bytes[count]!
    }
  }
}

/** A share `amount` of all values becomes 0 or 255, half each. */
export function impulseNoise({ amount }: { amount: number }): CorruptImage {
  return (source, out, draw) => {
    for (let i = 0; i < out.length; i++) {
      const hit = draw.uniform() <= amount
      out[i] = hit ? (draw.uniform() <= 0.5 ? 255 : 0) : source[i]!
    }
  }
}
