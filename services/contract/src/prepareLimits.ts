import { limits, type TrainingSpec } from './trainingSpec.js'

/** For what takes its time whatever the size: loading the program, a store that is slow, neighbours on the machine. */
const baseSeconds = 15 * 60
/**
 * Of the upload. Measured on one of two busy cores, for each MiB: PNGs of 64 x 64 pixels 0.25 s, of 8 x 8 pixels 5 s (3,000 pictures),
 * an array of nearly nothing but zeros, packed to a 500th, 30 s.
 */
const secondsPerMebibyte = 60
const mostSeconds = 30 * 86_400

/** How long preparing an upload may take, over all attempts: a generous multiple of what an honest upload of its size takes. @param bytes of the upload */
export function prepareLimits(bytes: number): TrainingSpec['limits'] {
  return limits.parse({
    maxSeconds: Math.min(mostSeconds, baseSeconds + Math.ceil((bytes / 2 ** 20) * secondsPerMebibyte)),
  })
}
