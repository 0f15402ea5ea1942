import type { TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'
import type { Stream } from '../random/stream.js'
import type { ClassRuns } from './classRuns.js'

type Stacking = TrainingSpec['stacking']

export interface Partnership {
  /** Whether this batch is stacked at all; if not, its images are stacked with themselves. */
  stacked: boolean
  /** k - 1 lists of `[batchSize]`: places in the batch where `withinBatch(pairing)`, else among all training images. */
  lists: Uint32Array[]
  /** Which of its k images stands at each position of an input, 0 being its own: `[batchSize, k]`. Null: its own first, as the lists go. */
  positions: Uint32Array | null
}

export interface DrawPartners {
  seed: number
  /** Which stream the draws come from: 'pair' for labelled images. */
  name?: 'pair' | 'unlabelled-pair'
  /** Counted from 0. */
  epoch: number
  step: number
  batchSize: number
  /** How many images partners may be drawn from. */
  count: number
  stacking: Stacking
  /** For pairings by class: the batch's labels `[batchSize]`, and all training images by class. */
  byClass?: { labels: ArrayLike<number>; runs: ClassRuns } | undefined
}

/** Whether partners are images of the mini-batch, as they were augmented there; if not, any of the training images. */
export const withinBatch = (pairing: Stacking['pairing']): boolean =>
  pairing === 'permutation' || pairing === 'derangement'

export const goesByClass = (pairing: Stacking['pairing']): boolean =>
  pairing === 'same-class' || pairing === 'different-class'

/**
 * Draws which images are stacked together in one step, from the stream (seed, name, epoch, step) and no other: a uniform permutation or derangement of
 * the mini-batch for each further image, or uniform draws from all training images, from those of its class, or from those of the
 * other classes. Except in a derangement and in another class, an image can meet itself by chance (docs/method.md).
 */
export function drawPartners(options: DrawPartners): Partnership {
  const { seed, name = 'pair', epoch, step, batchSize, stacking } = options
  const { images, probability } = stacking
  const random = stream({ seed, name, epoch, index: step })
  const lists = Array.from({ length: images - 1 }, () => drawList(random, options))
  // Drawn last: neither a probability below 1 nor drawn positions change a partner.
  const stacked = random.uniform() < probability
  return {
    stacked,
    lists,
    positions: stacking.positions === 'random' ? drawPositions(random, batchSize, images) : null,
  }
}

function drawList(random: Stream, { batchSize, count, stacking: { pairing }, byClass }: DrawPartners): Uint32Array {
  if (pairing === 'permutation') return random.permutation(batchSize)
  if (pairing === 'derangement') return derangement(random, batchSize)
  if (pairing === 'independent') return Uint32Array.from({ length: batchSize }, () => random.int(count))
  if (!byClass) throw new RangeError(`pairing ${pairing} needs the class of each image`)
  const {
    labels,
    runs: { order, starts },
  } = byClass
  return Uint32Array.from({ length: batchSize }, (_, i) => {
    const [start, end] = [starts[labels[i]!]!, starts[labels[i]! + 1]!]
    if (pairing === 'same-class') return order[start + random.int(end - start)]!
    const place = random.int(count - (end - start))
    return order[place < start ? place : place + end - start]!
  })
}

/** Permutations are drawn until one has no fixed point, so that all of those are equally likely: about e draws. */
function derangement(random: Stream, n: number): Uint32Array {
  if (n < 2) throw new RangeError('one image alone has no other to be stacked with')
  for (;;) {
    const list = random.permutation(n)
    if (list.every((place, i) => place !== i)) return list
  }
}

function drawPositions(random: Stream, batchSize: number, images: number): Uint32Array {
  const positions = new Uint32Array(batchSize * images)
  for (let i = 0; i < batchSize; i++) positions.set(random.permutation(images), i * images)
  return positions
}
