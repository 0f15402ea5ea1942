import { viewsOf } from '@imclr/contract'
import type { TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { openChain } from '../image/augmentation/chain.js'
import { drawMix, mixImages } from '../image/augmentation/mixImages.js'
import { axesOf, drawAxis, inputSizesOf } from './axes.js'
import { balancedOrder, batchesOf, epochOrder } from './batches.js'
import { classRuns } from './classRuns.js'
import { classWeights, softLabels, weighLabels } from './labels.js'
import type { LoadedSplit } from './loadSplit.js'
import { unlabelledMaker } from './makeUnlabelled.js'
import type { UnlabelledShape } from './makeUnlabelled.js'
import { drawPartners, goesByClass, withinBatch } from './partners.js'
import { stackPairs } from './stackPairs.js'
import type { Partners, Stacked } from './stackPairs.js'
import type { UnlabelledImages } from './unlabelledPool.js'

export type BatchSpec = Pick<
  TrainingSpec,
  'mode' | 'batchSize' | 'seed' | 'augment' | 'mix' | 'stacking' | 'semiSupervised' | 'labelSmoothing' | 'sampling'
>

/**
 * The images that batches are made of: labelled ones, already cut to the label budget, and unlabelled ones if the spec
 * asks for them.
 */
export interface TrainingImages extends LoadedSplit {
  unlabelled?: UnlabelledImages | null
}

export interface BatchShape {
  /** At most the spec's: fewer where there are fewer images. */
  batchSize: number
  stepsPerEpoch: number
  /** Copies of each input: 3 with AugMix's loss, else 1. */
  views: number
  /** Pixels of an input; as many sizes as there are axes to stack along. */
  inputSizes: readonly { height: number; width: number }[]
  classes: number
  /** The unlabelled images of a step; null if the spec asks for none. */
  unlabelled: UnlabelledShape | null
}

export interface BatchArrays {
  /** uint8 `[views * batchSize, height, width, 3]`, of one of the input sizes */
  images: Uint8Array
  /**
   * float32 `[batchSize, classes]`, rows sum to 1 (with class-weighted sampling: to the weight of the input in the
   * loss)
   */
  labels: Float32Array
  /** The step's unlabelled images, each view uint8 `[n, h, w, 3]`; empty if the step has none. */
  views: readonly Uint8Array[]
}

export interface BatchMaker extends BatchShape {
  /** Fills the arrays with the batch of a step; both are counted from 0. Nothing depends on what was made before. */
  make(epoch: number, step: number, into: BatchArrays): void
}

/**
 * Arrays of a batch's size, in memory of the caller's choice; the input sizes of a batch have the same number of
 * pixels.
 */
export const batchArrays = (
  { batchSize, views, inputSizes: [size], classes, unlabelled }: BatchShape,
  memory: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): BatchArrays => ({
  images: new Uint8Array(memory(views * batchSize * size!.height * size!.width * 3)),
  labels: new Float32Array(memory(4 * batchSize * classes)),
  views: Array.from(
    { length: unlabelled?.views ?? 0 },
    () =>
      new Uint8Array(
        memory(unlabelled!.batchSize * unlabelled!.inputSizes[0]!.height * unlabelled!.inputSizes[0]!.width * 3),
      ),
  ),
})

/**
 * Shuffled, augmented, mixed and (mode 'imclr') stacked batches of bytes, each a function of the spec and its position
 * alone, whatever thread it is made on. Baseline and ImCLR runs of one seed see the same images, augmented and mixed
 * alike, in the same order; partners, too, are augmented once per step. Unlabelled images come from streams of their
 * own: the labelled ones are the same with and without them.
 */
export function batchMaker(split: TrainingImages, spec: BatchSpec): BatchMaker {
  const { count, height, width, classes, images, labels, unlabelled } = split
  const { mode, seed, stacking, semiSupervised, labelSmoothing: smoothing } = spec
  const { batchSize, stepsPerEpoch } = batchesOf(count, spec.batchSize)
  const orderOf = (epoch: number) =>
    spec.sampling === 'balanced' ? balancedOrder(labels, seed, epoch) : epochOrder(count, seed, epoch)
  const weights = spec.sampling === 'class-weighted' ? classWeights(labels, classes) : null
  const views = viewsOf(spec.augment)
  const k = mode === 'imclr' ? stacking.images : 1
  const stackFirst = k > 1 && stacking.order === 'stack-first'
  const beside =
    unlabelled && semiSupervised ? unlabelledMaker(unlabelled, { ...spec, semiSupervised }, batchSize) : null
  const inputSizes = inputSizesOf(k, stacking, { height, width })
  const shape: BatchShape = { batchSize, stepsPerEpoch, views, inputSizes, classes, unlabelled: beside?.shape ?? null }
  const chain = openChain(spec.augment, { height, width })
  const allocate = () => batchArrays({ ...shape, inputSizes: [{ height, width }], unlabelled: null })
  const unstacked = k > 1 ? allocate() : null
  const partnerBatches = k > 1 && !withinBatch(stacking.pairing) ? Array.from({ length: k - 1 }, allocate) : []
  const runs = k > 1 && goesByClass(stacking.pairing) ? classRuns(labels, classes) : null
  const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i)
  let order: { epoch: number; places: Uint32Array } = { epoch: -1, places: new Uint32Array() }

  const make = (epoch: number, step: number, into: BatchArrays) => {
    if (!(step >= 0 && step < stepsPerEpoch))
      throw new RangeError(`step ${step} is not in an epoch of ${stepsPerEpoch}`)
    if (order.epoch !== epoch) order = { epoch, places: orderOf(epoch) }
    const position = { seed, epoch, index: step }
    const random = chain.streams(position)
    const mixing = stream({ ...position, name: 'mix' })
    const along = drawAxis(spec, { epoch, step })
    beside?.make(epoch * stepsPerEpoch + step, into.views, along)
    const mixInto = (arrays: Stacked, size: { height: number; width: number }) => {
      const draw = drawMix(spec.mix, batchSize, mixing)
      if (draw) mixImages(draw, { ...arrays, ...size, classes })
    }
    const fill = (places: ArrayLike<number>, arrays: Stacked) => {
      chain.augment({ images, places, random, out: arrays.images })
      softLabels(labels, places, { classes, smoothing, out: arrays.labels })
      if (weights) weighLabels(arrays.labels, weights)
      if (!stackFirst) mixInto(arrays, { height, width })
    }
    const own = unstacked ?? into
    const places = order.places.subarray(step * batchSize, (step + 1) * batchSize)
    fill(places, own)
    if (k === 1) return

    const byClass = runs ? { labels: Array.from(places, (place) => labels[place]!), runs } : undefined
    const { stacked, lists, positions } = drawPartners({ seed, epoch, step, batchSize, count, stacking, byClass })
    if (stacked && partnerBatches.length > 0) lists.forEach((list, i) => fill(list, partnerBatches[i]!))
    const partnersOf = (view: number) =>
      lists.map((list, i): Partners => {
        if (!stacked) return { ...viewOf(own, view), places: inOrder }
        return partnerBatches.length > 0
          ? { ...viewOf(partnerBatches[i]!, view), places: inOrder }
          : { ...viewOf(own, view), places: list }
      })
    const viewOf = (arrays: Stacked, view: number): Stacked => {
      const size = arrays.images.length / views
      return { images: arrays.images.subarray(view * size, (view + 1) * size), labels: arrays.labels }
    }
    for (let view = 0; view < views; view++) {
      stackPairs(
        {
          ...viewOf(own, view),
          partners: partnersOf(view),
          positions,
          axis: axesOf(stacking)[along]!,
          height,
          width,
          classes,
        },
        viewOf(into, view),
      )
    }
    if (stackFirst) mixInto(into, inputSizes[along]!)
  }
  return { ...shape, make }
}
