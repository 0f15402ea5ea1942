import { limits, type TrainingSpec } from './trainingSpec.js'

/** Time for what does not depend on the size: loading the program, a slow store, other processes on the machine. */
const baseSeconds = 15 * 60
/**
 * Seconds allowed for each MiB of the upload. Measured on one of two busy cores, a MiB takes 0.25 s as PNGs of 64 x 64
 * pixels, 5 s as PNGs of 8 x 8 pixels (3,000 pictures), and 30 s as an array of almost only zeros, packed to a 500th.
 */
const secondsPerMebibyte = 60
const mostSeconds = 30 * 86_400

/**
 * How long all attempts to prepare an upload may take together: a generous multiple of the time that an honest upload
 * of this size takes.
 *
 * @param bytes size of the upload
 */
export function prepareLimits(bytes: number): TrainingSpec['limits'] {
  return limits.parse({
    maxSeconds: Math.min(mostSeconds, baseSeconds + Math.ceil((bytes / 2 ** 20) * secondsPerMebibyte)),
  })
}
