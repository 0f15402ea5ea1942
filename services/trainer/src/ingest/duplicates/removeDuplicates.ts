import type { Decoded } from '../decode/decoded.js'
import type { SplitIndices } from '../splitItems.js'

export interface Removed {
  removed: number
  keptTest: number
}

/**
 * Removes copies of test pictures, pixel by pixel the same, from all other splits: a model must not learn what it is
 * tested on.
 */
export function removeDuplicates(splits: SplitIndices, decoded: Decoded): { splits: SplitIndices; removed: Removed[] } {
  const testOf = new Map<string, number>()
  for (const index of splits.test) {
    const key = decoded.sha256(index, 'latin1')
    if (!testOf.has(key)) testOf.set(key, index)
  }
  const removed: Removed[] = []
  const keep = (index: number) => {
    const keptTest = testOf.get(decoded.sha256(index, 'latin1'))
    if (keptTest !== undefined) removed.push({ removed: index, keptTest })
    return keptTest === undefined
  }
  return {
    splits: {
      train: splits.train.filter(keep),
      validation: splits.validation.filter(keep),
      test: splits.test,
      unlabelled: splits.unlabelled.filter(keep),
    },
    removed,
  }
}
