/** A model's answers: probabilities `[images, classes]`, beside the true classes `[images]`. */
export interface Answers {
  probabilities: Float32Array
  labels: Uint16Array
  classes: number
}

/** The likeliest class of every image. If several are equally likely, the first one. */
export function predictedClasses({ probabilities, classes }: Pick<Answers, 'probabilities' | 'classes'>): Uint16Array {
  const predicted = new Uint16Array(probabilities.length / classes)
  for (let i = 0, at = 0; i < predicted.length; i++, at += classes) {
    let best = 0
    for (let k = 1; k < classes; k++) if (probabilities[at + k]! > probabilities[at + best]!) best = k
    predicted[i] = best
  }
  return predicted
}
