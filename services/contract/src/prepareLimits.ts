import { limits, type TrainingSpec } from './trainingSpec.js'

/** For what takes its time whatever the size: loading the program, a store that is slow, neighbours on the machine. */
const baseSeconds = 15 * 60
/**
 * Of the upload. What is dearest are many small pictures, a second for 4,000 of them or 3 MiB, and small files that unpack to much
 * (an array that packs to a 250th, 4 s); on one slow core among busy ones it may be ten times that.
 */
const secondsPerMebibyte = 60
const mostSeconds = 30 * 86_400

/** How long preparing an upload may take, over all attempts: a generous multiple of what an honest upload of its size takes. @param bytes of the upload */
export function prepareLimits(bytes: number): TrainingSpec['limits'] {
  return limits.parse({ maxSeconds: Math.min(mostSeconds, baseSeconds + Math.ceil((bytes / 2 ** 20) * secondsPerMebibyte)) })
}
