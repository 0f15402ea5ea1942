import { viewsOf } from '@imclr/contract'
import type { TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { openChain } from './augment/chain.js'
import { drawMix, mixImages } from './augment/mixImages.js'
import { axesOf, drawAxis } from './axes.js'
import { balancedOrder, batchesOf, epochOrder } from './batches.js'
import { classRuns } from './classRuns.js'
import { classWeights, softLabels, weighLabels } from './labels.js'
import type { LoadedSplit } from './loadSplit.js'
import { drawPartners, goesByClass, withinBatch } from './partners.js'
import { stackPairs } from './stackPairs.js'
import type { Partners } from './stackPairs.js'

export type BatchSpec = Pick<TrainingSpec, 'mode' | 'batchSize' | 'seed' | 'augment' | 'mix' | 'stacking' | 'labelSmoothing' | 'sampling'>

export interface BatchShape {
  /** At most the spec's: fewer where there are fewer images. */
  batchSize: number
  stepsPerEpoch: number
  /** Copies of each input: 3 with AugMix's loss, else 1. */
  views: number
  /** Pixels of an input; as many sizes as there are axes to stack along. */
  inputSizes: readonly { height: number; width: number }[]
  classes: number
}

export interface BatchArrays {
  /** uint8 `[views * batchSize, height, width, 3]`, of one of the input sizes */
  images: Uint8Array
  /** float32 `[batchSize, classes]`, rows sum to 1 (with class-weighted sampling: to what the input counts in the loss) */
  labels: Float32Array
}

export interface BatchMaker extends BatchShape {
  /** Fills the arrays with the batch of a step; both are counted from 0. Nothing depends on what was made before. */
  make(epoch: number, step: number, into: BatchArrays): void
}

/** Bytes of the images of a batch; its input sizes have the same number of pixels. */
export const imageBytes = ({ batchSize, views, inputSizes: [size] }: BatchShape): number => views * batchSize * size!.height * size!.width * 3

export const batchArrays = (shape: BatchShape): BatchArrays => ({
  images: new Uint8Array(imageBytes(shape)),
  labels: new Float32Array(shape.batchSize * shape.classes),
})

/**
 * Shuffled, augmented, mixed and (mode 'imclr') stacked batches of bytes, each a function of the spec and its place alone, whatever thread
 * it is made on. Baseline and ImCLR runs of one seed see the same images, augmented and mixed alike, in the same order; partners, too, are
 * augmented once per step.
 *
 * @param split the training images, cut to the label budget already
 */
export function batchMaker(split: LoadedSplit, spec: BatchSpec): BatchMaker {
  const { count, height, width, classes, images, labels } = split
  const { mode, seed, stacking, labelSmoothing: smoothing } = spec
  const { batchSize, stepsPerEpoch } = batchesOf(count, spec.batchSize)
  const orderOf = (epoch: number) => (spec.sampling === 'balanced' ? balancedOrder(labels, seed, epoch) : epochOrder(count, seed, epoch))
  const weights = spec.sampling === 'class-weighted' ? classWeights(labels, classes) : null
  const views = viewsOf(spec.augment)
  const k = mode === 'imclr' ? stacking.images : 1
  const stackFirst = k > 1 && stacking.order === 'stack-first'
  const axes = k > 1 ? axesOf(stacking) : (['height'] as const)
  const inputSizes = axes.map((axis) => (axis === 'height' ? { height: k * height, width } : { height, width: k * width }))
  const shape: BatchShape = { batchSize, stepsPerEpoch, views, inputSizes, classes }
  const chain = openChain(spec.augment, { height, width })
  const room = () => batchArrays({ ...shape, inputSizes: [{ height, width }] })
  const singles = k > 1 ? room() : null
  const strangers = k > 1 && !withinBatch(stacking.pairing) ? Array.from({ length: k - 1 }, room) : []
  const runs = k > 1 && goesByClass(stacking.pairing) ? classRuns(labels, classes) : null
  const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i)
  let order: { epoch: number; places: Uint32Array } = { epoch: -1, places: new Uint32Array() }

  const make = (epoch: number, step: number, into: BatchArrays) => {
    if (!(step >= 0 && step < stepsPerEpoch)) throw new RangeError(`step ${step} is not in an epoch of ${stepsPerEpoch}`)
    if (order.epoch !== epoch) order = { epoch, places: orderOf(epoch) }
    const place = { seed, epoch, index: step }
    const random = chain.streams(place)
    const mixing = stream({ ...place, name: 'mix' })
    const mixInto = (arrays: BatchArrays, size: { height: number; width: number }) => {
      const draw = drawMix(spec.mix, batchSize, mixing)
      if (draw) mixImages(draw, { ...arrays, ...size, classes })
    }
    const fill = (places: ArrayLike<number>, arrays: BatchArrays) => {
      chain.augment({ images, places, random, out: arrays.images })
      softLabels(labels, places, { classes, smoothing, out: arrays.labels })
      if (weights) weighLabels(arrays.labels, weights)
      if (!stackFirst) mixInto(arrays, { height, width })
    }
    const own = singles ?? into
    const places = order.places.subarray(step * batchSize, (step + 1) * batchSize)
    fill(places, own)
    if (k === 1) return

    const byClass = runs ? { labels: Array.from(places, (place) => labels[place]!), runs } : undefined
    const { stacked, lists, positions } = drawPartners({ seed, epoch, step, batchSize, count, stacking, byClass })
    if (stacked && strangers.length > 0) lists.forEach((list, i) => fill(list, strangers[i]!))
    const partnersOf = (view: number) =>
      lists.map((list, i): Partners => {
        if (!stacked) return { ...viewOf(own, view), places: inOrder }
        return strangers.length > 0 ? { ...viewOf(strangers[i]!, view), places: inOrder } : { ...viewOf(own, view), places: list }
      })
    const viewOf = (arrays: BatchArrays, view: number): BatchArrays => {
      const size = arrays.images.length / views
      return { images: arrays.images.subarray(view * size, (view + 1) * size), labels: arrays.labels }
    }
    const along = drawAxis(spec, { epoch, step })
    for (let view = 0; view < views; view++) {
      stackPairs({ ...viewOf(own, view), partners: partnersOf(view), positions, axis: axes[along]!, height, width, classes }, viewOf(into, view))
    }
    if (stackFirst) mixInto(into, inputSizes[along]!)
  }
  return { ...shape, make }
}
