import { splits } from '@imclr/contract'
import { looks } from '../decode/look.js'
import type { Headers } from '../decode/measureItems.js'
import type { Decoded } from '../decode/decoded.js'
import type { Notes } from '../notes.js'
import type { SplitIndices } from '../splitItems.js'
import type { Removed } from './removeDuplicates.js'
import type { SettledNear } from './settleNearDuplicates.js'

export interface NotePictures {
  /** As given or drawn, before copies were taken out. */
  drawn: SplitIndices
  removed: readonly Removed[]
  near: readonly SettledNear[]
  decoded: Decoded
  /** Of pictures in files of their own. */
  headers: Headers | null
  pathOf: (index: number) => string
  /** Place among the classes; -1: unlabelled. */
  labelOf: (index: number) => number
  classes: readonly string[]
  notes: Notes
}

/**
 * Notes pictures that somebody should look at: copies of test pictures, copies under other labels, pictures of one
 * colour or cut off, and first pages of several.
 */
export function notePictures({
  drawn,
  removed,
  near,
  decoded,
  headers,
  pathOf,
  labelOf,
  classes,
  notes,
}: NotePictures): void {
  for (const { removed: copy, keptTest } of removed)
    notes.add('TAKEN_FOR_DUPLICATE', `${pathOf(copy)} is ${pathOf(keptTest)}`)
  for (const { image, test } of near) notes.add('NEAR_DUPLICATE', `${pathOf(image)} looks like ${pathOf(test)}`)
  const named = (index: number) => `${pathOf(index)} (${classes[labelOf(index)]})`
  const gone = new Set(removed.map(({ removed: copy }) => copy))
  const firstOf = new Map<string, number>()
  for (const split of splits) {
    const inThis = new Map<string, number>()
    for (const index of drawn[split]) {
      const key = decoded.sha256(index, 'latin1')
      const look = decoded.look(index)
      if (headers?.get(index)?.hasMore) notes.add('FIRST_PAGE', pathOf(index))
      if (look === looks.oneColour) notes.add('ONE_COLOUR', pathOf(index))
      if (look === looks.cutOff) notes.add('CUT_OFF', pathOf(index))
      const twin = inThis.get(key)
      if (twin === undefined) inThis.set(key, index)
      else if (!gone.has(index) && labelOf(index) === labelOf(twin))
        notes.add('DUPLICATE_KEPT', `${pathOf(index)} is ${pathOf(twin)}`)
      if (split === 'unlabelled') continue
      const first = firstOf.get(key)
      if (first === undefined) firstOf.set(key, index)
      else if (labelOf(first) !== labelOf(index))
        notes.add('SAME_PICTURE_TWO_LABELS', `${named(first)} is ${named(index)}`)
    }
  }
}
