/** How one picture becomes a sequence of pictures. */
import type { Stream } from '../../random/stream.js'
import { brightness } from '../corruption/colour.js'
import { gaussianBlur, gaussianBlurCorruption } from '../corruption/gaussianBlur.js'
import type { CorruptionContext, CorruptImage } from '../corruption/imageCorruption.js'
import { motionBlurPlane, motionTaps } from '../corruption/motionBlur.js'
import { snowfall } from '../corruption/snow.js'
import { addWater } from '../corruption/spatter.js'
import { scaled, warp, type PlaneMap } from './warp.js'

export type Size = Pick<CorruptionContext, 'height' | 'width'>

/** Writes all frames `[frames, h, w, 3]` of the sequence of one image `[h, w, 3]`. */
export type PerturbImage = (source: Uint8Array, out: Uint8Array, draw: Stream) => void

const unchanged: CorruptImage = (source, out) => out.set(source)

/** Every frame is made of the image itself. */
function framewise(frames: readonly CorruptImage[]): PerturbImage {
  return (source, out, draw) =>
    frames.forEach((apply, i) => apply(source, out.subarray(i * source.length, (i + 1) * source.length), draw))
}

const steps = (frames: number, from: number, step: number) => Array.from({ length: frames }, (_, i) => from + i * step)

/** The image, then as often with fresh noise. */
export const noisy = (noise: CorruptImage, frames: number): PerturbImage =>
  framewise([unchanged, ...Array.from({ length: frames - 1 }, () => noise)])

/** The image moved by one map after another. */
export const moved = (maps: readonly PlaneMap[], size: Size): PerturbImage =>
  framewise(maps.map((map) => warp(map, size)))

export interface Steps {
  frames: number
  /** Of the first frame. */
  from: number
  /** Added from frame to frame. */
  step: number
}

export const brighter = ({ frames, from, step }: Steps): PerturbImage =>
  framewise(steps(frames, from, step).map((amount) => brightness({ amount })))

export const blurred = ({ frames, from, step, truncate }: Steps & { truncate: number }, size: Size): PerturbImage =>
  framewise(steps(frames, from, step).map((sigma) => gaussianBlurCorruption({ sigma, truncate }, size)))

/** Motion whose direction turns; from and step in degrees. */
export function turningMotion(
  { frames, from, step, radius, sigma }: Steps & { radius: number; sigma: number },
  { height, width }: Size,
): PerturbImage {
  const blur = motionBlurPlane(motionTaps(radius, sigma), { height, width, channels: 3 })
  const values = new Float64Array(height * width * 3)
  return framewise(
    steps(frames, from, step).map((angle): CorruptImage => (source, out) => {
      blur(source, values, angle)
      for (let i = 0; i < out.length; i++) out[i] = Math.min(255, values[i]!)
    }),
  )
}

/** The mean of the image and its enlargements so far, each larger by `step`. */
export function zooming({ frames, step }: { frames: number; step: number }, size: Size): PerturbImage {
  const enlargements = steps(frames, 1, step).map((factor) => warp(scaled(factor, size), size))
  const bytes = size.height * size.width * 3
  const enlarged = new Uint8Array(bytes)
  const sums = new Uint32Array(bytes)
  return (source, out, draw) => {
    sums.set(source)
    out.set(source)
    for (let frame = 1; frame < frames; frame++) {
      enlargements[frame]!(source, enlarged, draw)
      const start = frame * bytes
      for (let i = 0; i < bytes; i++) out[start + i] = (sums[i]! += enlarged[i]!) / (frame + 1)
    }
  }
}

/** The same flakes, falling in a direction that turns. */
export function snowing(
  { frames, from, step, ...parameters }: Steps & Parameters<typeof snowfall>[0],
  context: CorruptionContext,
): PerturbImage {
  const { draw: drawFlakes, cover } = snowfall(parameters, context)
  return (source, out, draw) => {
    drawFlakes(draw)
    steps(frames, from, step).forEach((angle, i) =>
      cover(source, out.subarray(i * source.length, (i + 1) * source.length), angle),
    )
  }
}

export interface DrippingParameters {
  frames: number
  mean: number
  deviation: number
  blur: number
  threshold: number
  intensity: number
}

/**
 * Drops of water that run down: in every frame the liquid is convolved along its columns with `run`, as
 * numpy.convolve's `same` does.
 *
 * @param run shares of the liquid of a pixel that come from those above it, its own index at (length - 1) >> 1
 */
export function dripping(
  { frames, mean, deviation, blur, threshold, intensity }: DrippingParameters,
  run: readonly number[],
  context: CorruptionContext,
): PerturbImage {
  const { height, width } = context
  const smooth = gaussianBlur({ height, width, channels: 1, sigma: blur })
  const wet = addWater({ intensity }, context)
  let layer = new Float64Array(height * width)
  let next = new Float64Array(height * width)
  const centre = (run.length - 1) >> 1
  return (source, out, draw) => {
    for (let p = 0; p < layer.length; p++) layer[p] = mean + deviation * draw.normal()
    smooth(layer)
    for (let p = 0; p < layer.length; p++) if (layer[p]! < threshold) layer[p] = 0
    for (let frame = 0; frame < frames; frame++) {
      wet(layer, source, out.subarray(frame * source.length, (frame + 1) * source.length))
      next.fill(0)
      for (let y = 0; y < height; y++) {
        for (const [tap, share] of run.entries()) {
          const from = y + centre - tap
          if (from < 0 || from >= height) continue
          for (let x = 0; x < width; x++) next[y * width + x]! += share * layer[from * width + x]!
        }
      }
      ;[layer, next] = [next, layer]
    }
  }
}
