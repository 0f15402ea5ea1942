import { splits } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import { unfit } from '../problems.js'
import type { Notes } from '../notes.js'
import { splitsByPath } from './splitRoles.js'

/** A file of pictures or of labels. */
export interface Half {
  path: string
  kind: 'images' | 'labels'
}

export interface Pair<T extends Half> {
  split: Split
  images: T
  labels: T | null
}

/**
 * Pairs each file of pictures with the file of its labels, by the split that their names name.
 *
 * @throws Failure DATASET_INVALID for two of one part and kind, or labels alone
 */
export function pairUp<T extends Half>(halves: readonly T[], notes: Notes): Pair<T>[] {
  const splitOf = splitsByPath(
    halves.map(({ path }) => path),
    notes,
  )
  return splits.flatMap((split) => {
    const [images, labels] = (['images', 'labels'] as const).map((kind) => {
      const found = halves.filter((half, i) => half.kind === kind && splitOf[i] === split)
      if (found.length > 1)
        throw unfit({
          path: found[1]!.path,
          code: 'PART_TWICE',
          message: `it is for ${split} ${kind}, as ${found[0]!.path} is`,
          fix: 'Say train, validation, test or unlabelled in their names, each once.',
        })
      return found[0] ?? null
    })
    if (images) return [{ split, images, labels: labels ?? null }]
    if (labels)
      throw unfit({
        path: labels.path,
        code: 'IMAGES_MISSING',
        message: `there are no ${split} images for these labels`,
        fix: 'Pack them as well.',
      })
    return []
  })
}
