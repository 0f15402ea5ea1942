import type { PrepareOptions, Split } from '@imclr/contract'
import type { Decoded } from '../decode/decoded.js'
import type { Problems } from '../problems.js'
import type { SplitIndices } from '../splitItems.js'
import { findNearDuplicates } from './findNearDuplicates.js'
import type { NearDuplicate } from './findNearDuplicates.js'

export interface SettledNear extends NearDuplicate {
  /** Which part it is or was in. */
  split: Exclude<Split, 'test'>
}

export interface SettleNear {
  decoded: Decoded
  choice: PrepareOptions['nearDuplicates']
  problems: Problems
  pathOf: (index: number) => string
  /** See `findNearDuplicates`. */
  yieldToEventLoop: () => Promise<void>
}

/**
 * Finds training and unlabelled pictures that look nearly like a test picture, and does with them what the user has
 * chosen.
 */
export async function settleNearDuplicates(
  splits: SplitIndices,
  { decoded, choice, problems, pathOf, yieldToEventLoop }: SettleNear,
): Promise<{ splits: SplitIndices; near: SettledNear[] }> {
  const { train, validation, test, unlabelled } = splits
  const near: SettledNear[] = []
  for (const [split, images] of [
    ['train', train],
    ['validation', validation],
    ['unlabelled', unlabelled],
  ] as const) {
    for (const found of await findNearDuplicates(decoded, { images, test }, yieldToEventLoop))
      near.push({ ...found, split })
  }
  if (choice === 'refuse') {
    for (const { image, test: other } of near) {
      problems.add('set', {
        path: pathOf(image),
        code: 'NEAR_DUPLICATE',
        message: `it looks nearly like the test image ${pathOf(other)}`,
        fix: "Remove one of the two, or choose nearDuplicates 'remove' or 'report'.",
      })
    }
  }
  if (choice !== 'remove') return { splits, near }
  const taken = new Set(near.map(({ image }) => image))
  const rest = (images: Uint32Array) => images.filter((index) => !taken.has(index))
  return { splits: { train: rest(train), validation: rest(validation), test, unlabelled: rest(unlabelled) }, near }
}
