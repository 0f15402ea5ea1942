/** One row per place: 1 for its class; with smoothing, (1 - s) for it and s / classes for every class more. Into float32 `[b, classes]`. */
export function softLabels(labels: Uint16Array, places: ArrayLike<number>, { classes, smoothing, out }: { classes: number; smoothing: number; out: Float32Array }): void {
  out.fill(smoothing / classes)
  for (let i = 0; i < places.length; i++) out[i * classes + labels[places[i]!]!]! += 1 - smoothing
}

/** Mean entropy of the rows, in nats: no cross-entropy against these labels can be below it (method.md 1.4). @param labels `[b, classes]` */
export function labelEntropy(labels: Float32Array, classes: number): number {
  let sum = 0
  for (const p of labels) if (p > 0) sum -= p * Math.log(p)
  return (sum * classes) / labels.length
}
