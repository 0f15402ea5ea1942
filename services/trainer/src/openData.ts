import { createHash } from 'node:crypto'
import { trainingParts } from '@imclr/contract'
import type { DatasetManifest, TrainJobFile } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { availableParallelism } from 'node:os'
import { trainingFeed } from './data/feed.js'
import type { TrainingFeed } from './data/feed.js'
import { loadSplit, readDatasetManifest, selectImages } from './data/loadSplit.js'
import type { LoadedSplit } from './data/loadSplit.js'
import { stratifiedOrder } from './data/subset.js'
import { batchWorkers, trainingThreads } from './env.js'

export interface TrainingData {
  dataset: DatasetManifest
  feed: TrainingFeed
  /** How many images are trained on: the label budget, or all, without the validation part. */
  trainImages: number
  /** Images of the budget that are not trained on, if the spec asks for it: the end of its stratified order. */
  validation: ValidationPart | null
  /** Of the pixels of the whole training split, per channel, in 0..255. */
  normalisation: { mean: [number, number, number]; std: [number, number, number] }
  /** Read when everything has been decided, and not before. */
  openTest(): Promise<LoadedSplit>
}

export interface ValidationPart {
  split: LoadedSplit
  /** Of their positions in the training split, uint32 little-endian, in order. */
  positionsSha256: string
}

/** The version's training images in memory, cut to the label budget and into what is trained on and what is held back, and the batches that are made of them. */
export async function openData(store: ObjectStore, { spec, versionPrefix: prefix }: TrainJobFile, onBytes: (done: number, total: number) => void): Promise<TrainingData> {
  const dataset = await readDatasetManifest(store, prefix)
  const all = await loadSplit({ store, prefix, manifest: dataset, split: 'train', onBytes })
  const parts = trainingParts(spec, all.count)
  const order = parts.train === all.count ? null : stratifiedOrder(all.labels, dataset.versionId, spec.subsetSeed)
  const train = order ? selectImages(all, order.subarray(0, parts.train)) : all
  return {
    dataset,
    feed: trainingFeed(train, spec, { workers: batchWorkers(), mostWorkers: (trainingThreads() ?? availableParallelism()) - 1 }),
    trainImages: parts.train,
    validation: order && parts.validation > 0 ? validationPart(all, order.subarray(parts.train, parts.train + parts.validation)) : null,
    normalisation: { mean: threeOf(dataset.channelMean), std: threeOf(dataset.channelStd.map((deviation) => Math.max(deviation, smallestDeviation))) },
    openTest: () => loadSplit({ store, prefix, manifest: dataset, split: 'test' }),
  }
}

const validationPart = (all: LoadedSplit, places: Uint32Array): ValidationPart => ({
  split: selectImages(all, places),
  positionsSha256: createHash('sha256').update(places).digest('hex'),
})

/** Of 255: a channel that never changes must not be divided by zero. */
const smallestDeviation = 1

const threeOf = ([red, green, blue]: readonly number[]): [number, number, number] => [red!, green!, blue!]
