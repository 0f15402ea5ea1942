import type { Answers } from './answers.js'

/**
 * How many images have their true class among the `k` likeliest ones. Of classes with equal probability, the first one
 * counts as likelier, so that k = 1 agrees with `predictedClasses`.
 */
export function topKHits({ probabilities, labels, classes }: Answers, k: number): number {
  let hits = 0
  for (let i = 0, at = 0; i < labels.length; i++, at += classes) {
    const label = labels[i]!
    const own = probabilities[at + label]!
    let ahead = 0
    for (let c = 0; c < classes; c++)
      if (probabilities[at + c]! > own || (probabilities[at + c] === own && c < label)) ahead++
    if (ahead < k) hits++
  }
  return hits
}

/** Mean of -ln p(true class), in nats. Probabilities below 1e-12 count as 1e-12. */
export function negativeLogLikelihood({ probabilities, labels, classes }: Answers): number {
  let sum = 0
  for (let i = 0; i < labels.length; i++) sum -= Math.log(Math.max(1e-12, probabilities[i * classes + labels[i]!]!))
  return Math.max(0, sum / labels.length)
}

/**
 * Brier's score in its multi-class form (Brier 1950): the sum over classes of (p - y)^2, mean over images. 0 is best, 2
 * is worst.
 */
export function brierScore({ probabilities, labels, classes }: Answers): number {
  let sum = 0
  for (let i = 0, at = 0; i < labels.length; i++, at += classes) {
    for (let c = 0; c < classes; c++) sum += (probabilities[at + c]! - (c === labels[i] ? 1 : 0)) ** 2
  }
  return sum / labels.length
}
