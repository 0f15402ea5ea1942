import type { TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { augment } from './augment.js'
import type { AugmentSettings } from './augment.js'
import { batchesOf, epochOrder } from './batches.js'
import { labelEntropy, softLabels } from './labels.js'
import type { LoadedSplit } from './loadSplit.js'
import { drawPartners } from './partners.js'
import { stackPairs } from './stackPairs.js'
import type { Partners } from './stackPairs.js'

export interface TrainingBatch {
  /** uint8 `[batchSize, inputHeight, inputWidth, 3]`; the feed's own memory, good until the next call. */
  images: Uint8Array
  /** float32 `[batchSize, classes]`, rows sum to 1; the feed's own memory likewise. */
  labels: Float32Array
  /** Mean entropy of these labels, in nats: below it no loss can be. */
  labelEntropy: number
  /** The same step's unlabelled images, each view uint8 `[n, h, w, 3]`; absent where the spec asks for none. */
  views?: readonly Uint8Array[]
}

export interface TrainingFeed {
  /** At most the spec's: fewer where there are fewer images. */
  batchSize: number
  stepsPerEpoch: number
  inputHeight: number
  inputWidth: number
  classes: number
  /** What comes beside the labelled images. */
  unlabelled: { batchSize: number; inputHeight: number; inputWidth: number } | null
  /** The batch of a step; both are counted from 0. Any position can be asked for at once: nothing depends on what was asked before. */
  batch(epoch: number, step: number): TrainingBatch
}

export type FeedSpec = Pick<TrainingSpec, 'mode' | 'batchSize' | 'seed' | 'augmentation' | 'stacking' | 'labelSmoothing'>

/**
 * What the training steps eat: shuffled, augmented, stacked (mode 'imclr') batches of bytes.
 *
 * It works inside the caller's thread: a batch of 128 images of 32x32 costs well below a millisecond, less than moving it between
 * threads is worth, and on a CPU a second thread would only take a core from the step. Baseline and ImCLR runs of one seed see the
 * same images, augmented alike, in the same order; partners, too, are augmented once per step.
 *
 * @param split the training images, cut to the label budget already
 */
export function trainingFeed(split: LoadedSplit, spec: FeedSpec): TrainingFeed {
  const { count, height, width, classes, images, labels } = split
  const { mode, seed, stacking, labelSmoothing: smoothing } = spec
  const { batchSize, stepsPerEpoch } = batchesOf(count, spec.batchSize)
  const k = mode === 'imclr' ? stacking.images : 1
  const settings = augmentSettings(split, spec)
  const room = (n: number) => ({ images: new Uint8Array(n * height * width * 3), labels: new Float32Array(n * classes) })
  const own = room(batchSize)
  const strangers = k > 1 && stacking.pairing === 'independent' ? Array.from({ length: k - 1 }, () => room(batchSize)) : []
  const stacked = { images: new Uint8Array(k * own.images.length), labels: new Float32Array(own.labels.length) }
  const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i)
  let order: { epoch: number; places: Uint32Array } = { epoch: -1, places: new Uint32Array() }

  const batch = (epoch: number, step: number): TrainingBatch => {
    if (!(step >= 0 && step < stepsPerEpoch)) throw new RangeError(`step ${step} is not in an epoch of ${stepsPerEpoch}`)
    if (order.epoch !== epoch) order = { epoch, places: epochOrder(count, seed, epoch) }
    const places = order.places.subarray(step * batchSize, (step + 1) * batchSize)
    const random = stream({ seed, name: 'augment', epoch, index: step })
    const fill = (some: ArrayLike<number>, into: { images: Uint8Array; labels: Float32Array }) => {
      augment({ images, places: some, random, out: into.images }, settings)
      softLabels(labels, some, { classes, smoothing, out: into.labels })
    }
    fill(places, own)
    if (k === 1) return { ...own, labelEntropy: labelEntropy(own.labels, classes) }

    const { stacked: mixed, lists } = drawPartners({ seed, epoch, step, batchSize, count, stacking })
    const partners = lists.map((list, i): Partners => {
      if (!mixed) return { ...own, places: inOrder }
      if (stacking.pairing === 'permutation') return { ...own, places: list }
      fill(list, strangers[i]!)
      return { ...strangers[i]!, places: inOrder }
    })
    stackPairs({ ...own, partners, axis: stacking.axis, height, width, classes }, stacked)
    return { ...stacked, labelEntropy: labelEntropy(stacked.labels, classes) }
  }
  const tall = stacking.axis === 'height' ? k : 1
  const wide = stacking.axis === 'width' ? k : 1
  return { batchSize, stepsPerEpoch, inputHeight: tall * height, inputWidth: wide * width, classes, unlabelled: null, batch }
}

/** How images of this size are augmented, labelled or not. */
export const augmentSettings = ({ height, width }: Pick<LoadedSplit, 'height' | 'width'>, { augmentation: { cropPadding, flip } }: Pick<FeedSpec, 'augmentation'>): AugmentSettings =>
  ({ height, width, cropPadding: cropPadding ?? Math.round(Math.min(height, width) / 8), flip })
