import { stream } from '../random/stream.js'
import type { TrainingSpec } from '@imclr/contract'

export interface Partnership {
  /** Whether this batch is stacked at all; if not, its images are stacked with themselves. */
  stacked: boolean
  /** k - 1 lists of `[batchSize]`: places in the batch (permutation), or among all training images (independent). */
  lists: Uint32Array[]
}

export interface DrawPartners {
  seed: number
  /** Which stream the draws come from: 'pair' for labelled images. */
  name?: 'pair' | 'unlabelled-pair'
  /** Counted from 0. */
  epoch: number
  step: number
  batchSize: number
  /** Of all images that partners may be drawn from. */
  count: number
  stacking: TrainingSpec['stacking']
}

/**
 * Who is stacked with whom in one step, from the stream (seed, name, epoch, step): a uniform permutation of the mini-batch for
 * each further image, or independent uniform draws from all training images. Self-pairs happen by chance (method.md 1.3).
 */
export function drawPartners({ seed, name = 'pair', epoch, step, batchSize, count, stacking: { images, pairing, probability } }: DrawPartners): Partnership {
  const random = stream({ seed, name, epoch, index: step })
  const draw = () => (pairing === 'permutation' ? random.permutation(batchSize) : Uint32Array.from({ length: batchSize }, () => random.int(count)))
  const lists = Array.from({ length: images - 1 }, draw)
  // Drawn last: a probability below 1 changes no partner.
  return { stacked: random.uniform() < probability, lists }
}
