import type { ClassMetrics } from '@imclr/contract'

/** How often the model took every true class (row) for every class (column). */
export function confusionMatrix(labels: Uint16Array, predicted: Uint16Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]!++
  return counts
}

/**
 * Precision, recall and F1 of every class. Precision is null if no image was taken for the class. Recall is null if the
 * class has no images. F1 = 2 TP / (2 TP + FP + FN); it is null if both hold.
 */
export function perClassMetrics(confusion: readonly (readonly number[])[], names: readonly string[]): ClassMetrics[] {
  return names.map((name, k) => {
    const hits = confusion[k]![k]!
    const support = confusion[k]!.reduce((sum, count) => sum + count, 0)
    const predicted = confusion.reduce((sum, row) => sum + row[k]!, 0)
    return {
      name,
      support,
      predicted,
      precision: predicted > 0 ? hits / predicted : null,
      recall: support > 0 ? hits / support : null,
      f1: support + predicted > 0 ? (2 * hits) / (support + predicted) : null,
    }
  })
}

/** The mean recall of the classes that have images. */
export function balancedAccuracy(perClass: readonly ClassMetrics[]): number {
  const recalls = perClass.flatMap(({ recall }) => (recall === null ? [] : [recall]))
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length
}
