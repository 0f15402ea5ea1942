/** One row per place: 1 for its class; with smoothing, (1 - s) for it and s / classes for every class more. Into float32 `[b, classes]`. */
export function softLabels(
  labels: Uint16Array,
  places: ArrayLike<number>,
  { classes, smoothing, out }: { classes: number; smoothing: number; out: Float32Array },
): void {
  out.fill(smoothing / classes)
  for (let i = 0; i < places.length; i++) out[i * classes + labels[places[i]!]!]! += 1 - smoothing
}

/**
 * Weights that let every class count alike in the loss: n / (classes that occur x images of the class), so that their mean over all
 * images is 1. Float32 `[classes]`; 1 for a class without images.
 */
export function classWeights(labels: Uint16Array, classes: number): Float32Array {
  const counts = new Uint32Array(classes)
  for (const label of labels) counts[label]!++
  const occurring = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0)
  return Float32Array.from(counts, (count) => (count === 0 ? 1 : labels.length / (occurring * count)))
}

/** Multiplies each column by the weight of its class. Rows then sum to the weight of their input in the loss, no longer to 1. @param labels `[b, classes]` */
export function weighLabels(labels: Float32Array, weights: Float32Array): void {
  for (let i = 0; i < labels.length; i++) labels[i]! *= weights[i % weights.length]!
}

/**
 * Mean entropy of the rows, in nats: no cross-entropy against these labels can be below it (docs/method.md). Of weighted rows, which
 * sum to s, it is s times the entropy of the row divided by s. @param labels `[b, classes]`
 */
export function labelEntropy(labels: Float32Array, classes: number): number {
  let sum = 0
  for (let row = 0; row < labels.length; row += classes) {
    let total = 0
    for (let i = row; i < row + classes; i++) {
      const p = labels[i]!
      total += p
      if (p > 0) sum -= p * Math.log(p)
    }
    if (total > 0) sum += total * Math.log(total)
  }
  return (sum * classes) / labels.length
}
