import { createHash } from 'node:crypto'
import type { UnlabelledSource } from '@imclr/contract'
import { allocate } from './loadSplit.js'
import type { LoadedSplit } from './loadSplit.js'

/** Images without their labels, so that nothing can read them by mistake. */
export type UnlabelledImages = Pick<LoadedSplit, 'count' | 'height' | 'width' | 'images'>

export interface UnlabelledPool {
  images: UnlabelledImages
  /** How many images each source gave. */
  sources: Partial<Record<UnlabelledSource, number>>
  /**
   * The digest of their positions, uint32 little-endian. Positions in the unlabelled split go on where those of the
   * training split end.
   */
  positionsSha256: string
}

export interface UnlabelledPart {
  source: UnlabelledSource
  /** One position for each image. */
  positions: Uint32Array
  images: UnlabelledImages
}

/** One set of images from several. A single part is not copied. */
export function unlabelledPool(parts: readonly UnlabelledPart[]): UnlabelledPool {
  const hash = createHash('sha256')
  for (const { positions } of parts) hash.update(positions)
  return {
    images: joined(parts.map(({ images }) => images)),
    sources: Object.fromEntries(parts.map(({ source, images }) => [source, images.count])),
    positionsSha256: hash.digest('hex'),
  }
}

function joined(parts: readonly UnlabelledImages[]): UnlabelledImages {
  if (parts.length === 1) return picturesOf(parts[0]!)
  const images = allocate(
    parts.reduce((sum, part) => sum + part.images.length, 0),
    'what is learnt from without labels',
  )
  let filled = 0
  for (const part of parts) {
    images.set(part.images, filled)
    filled += part.images.length
  }
  return { ...picturesOf(parts[0]!), count: parts.reduce((sum, { count }) => sum + count, 0), images }
}

/** A split without its labels. */
const picturesOf = ({ count, height, width, images }: UnlabelledImages): UnlabelledImages => ({
  count,
  height,
  width,
  images,
})
