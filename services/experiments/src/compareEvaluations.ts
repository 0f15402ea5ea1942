import type { EvaluationComparison } from '@imclr/contract'
import type { Predictions } from '@imclr/contract'
import { seededUniform } from '@imclr/statistics'
import { middle95, pairedDifference } from '@imclr/statistics'

export interface CompareOptions {
  seed?: number
  resamples?: number
}

/**
 * Compares two evaluations on the same dataset version, by the stored predictions for every test image.
 *
 * @throws RangeError when the two have different versions or test images, or when only one of them has clean images
 */
export function compareEvaluations(
  first: Predictions,
  second: Predictions,
  options: CompareOptions = {},
): EvaluationComparison {
  if (first.versionId !== second.versionId) {
    throw new RangeError(
      `models can be compared on one dataset version only: ${first.versionId} and ${second.versionId} differ`,
    )
  }
  if (
    first.images !== second.images ||
    first.classes !== second.classes ||
    !sameUpToNames(first.labels, second.labels)
  ) {
    throw new RangeError('the two sets of predictions are not of the same test images')
  }
  if ((first.probabilities.length === 0) !== (second.probabilities.length === 0))
    throw new RangeError('one of the two was not evaluated on clean images')
  const whyNot = whyNotPaired(first, second)
  return {
    clean: first.probabilities.length === 0 ? null : pairedDifference(hits(first), hits(second), options),
    corruption: whyNot === null ? compareCorruptions(first, second, options) : null,
    whyNoCorruption: whyNot,
  }
}

/** Whether two label lists agree up to the numbers of the classes. Each model numbers the classes in its own order. */
function sameUpToNames(first: Uint16Array, second: Uint16Array): boolean {
  const [there, back] = [new Map<number, number>(), new Map<number, number>()]
  return first.every((label, i) => {
    const other = second[i]!
    if (!there.has(label) && !back.has(other)) {
      there.set(label, other)
      back.set(other, label)
    }
    return there.get(label) === other && back.get(other) === label
  })
}

/** One byte per image: 1 if the likeliest class is the label. */
export function hits({ images, classes, labels, probabilities }: Predictions): Uint8Array {
  const right = new Uint8Array(images)
  for (let i = 0; i < images; i++) {
    let best = 0
    for (let k = 1; k < classes; k++) if (probabilities[i * classes + k]! > probabilities[i * classes + best]!) best = k
    right[i] = best === labels[i] ? 1 : 0
  }
  return right
}

function whyNotPaired(first: Predictions, second: Predictions): string | null {
  if (!first.corruption || !second.corruption) return 'at least one of the two was not evaluated under corruption'
  if (JSON.stringify(first.corruption) !== JSON.stringify(second.corruption))
    return 'the corruptions were drawn with different seeds, tables or frost'
  if (JSON.stringify(first.cells) !== JSON.stringify(second.cells)) return 'different corruptions were evaluated'
  if (!first.cells.some((cell) => cell.benchmark)) return 'none of the benchmark corruptions was evaluated'
  const same =
    first.corruptedRows.length === second.corruptedRows.length &&
    first.corruptedRows.every((row, i) => row === second.corruptedRows[i])
  return same ? null : 'different test images were corrupted'
}

function compareCorruptions(first: Predictions, second: Predictions, { seed = 1, resamples = 10_000 }: CompareOptions) {
  const images = first.corruptedRows.length
  const counted = first.cells.filter((cell) => cell.benchmark).length
  const perImage = new Float64Array(images) // (errors of the second model - errors of the first) / cells
  const sums = new Map<
    string,
    { corruption: string; benchmark: boolean; first: number; second: number; cells: number }
  >()
  first.cells.forEach(({ corruption, benchmark }, cell) => {
    const row = sums.get(corruption) ?? { corruption, benchmark, first: 0, second: 0, cells: 0 }
    sums.set(corruption, row)
    row.cells++
    for (let i = 0; i < images; i++) {
      const image = first.corruptedRows[i]!
      const firstWrong = first.corruptedClasses[cell * images + i] === first.labels[image] ? 0 : 1
      const secondWrong = second.corruptedClasses[cell * images + i] === second.labels[image] ? 0 : 1
      row.first += firstWrong / images
      row.second += secondWrong / images
      if (benchmark) perImage[i]! += (secondWrong - firstWrong) / counted
    }
  })
  const rows = [...sums.values()].map(({ corruption, benchmark, first, second, cells }) => {
    return { corruption, benchmark, first: first / cells, second: second / cells, difference: (second - first) / cells }
  })
  const mean = (side: 'first' | 'second' | 'difference') => {
    const of = rows.filter((row) => row.benchmark)
    return of.reduce((sum, row) => sum + row[side], 0) / of.length
  }
  return {
    images,
    cells: counted,
    first: mean('first'),
    second: mean('second'),
    difference: mean('difference'),
    interval: bootstrapOfMeans(perImage, resamples, seed),
    perCorruption: rows,
  }
}

/** The bootstrap draws images, not cells, because the cells of one image are not independent of each other. */
function bootstrapOfMeans(values: Float64Array, resamples: number, seed: number) {
  const uniform = seededUniform(seed)
  const n = values.length
  const means = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += values[(uniform() * n) | 0]!
    means[r] = sum / n
  }
  return middle95(means)
}
