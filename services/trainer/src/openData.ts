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
  /** How many images are trained on: the label budget, or all. */
  trainImages: number
  /** Of the pixels of the whole training split, per channel, in 0..255. */
  normalisation: { mean: [number, number, number]; std: [number, number, number] }
  /** Read when everything has been decided, and not before. */
  openTest(): Promise<LoadedSplit>
}

/** The version's training images in memory, cut to the label budget, and the batches that are made of them. */
export async function openData(store: ObjectStore, { spec, versionPrefix: prefix }: TrainJobFile, onBytes: (done: number, total: number) => void): Promise<TrainingData> {
  const dataset = await readDatasetManifest(store, prefix)
  const all = await loadSplit({ store, prefix, manifest: dataset, split: 'train', onBytes })
  const budget = Math.min(spec.trainImages ?? all.count, all.count)
  const train = budget === all.count ? all : selectImages(all, stratifiedOrder(all.labels, dataset.versionId, spec.subsetSeed).subarray(0, budget))
  return {
    dataset,
    feed: trainingFeed(train, spec, { workers: batchWorkers(), mostWorkers: (trainingThreads() ?? availableParallelism()) - 1 }),
    trainImages: budget,
    normalisation: { mean: threeOf(dataset.channelMean), std: threeOf(dataset.channelStd.map((deviation) => Math.max(deviation, smallestDeviation))) },
    openTest: () => loadSplit({ store, prefix, manifest: dataset, split: 'test' }),
  }
}

/** Of 255: a channel that never changes must not be divided by zero. */
const smallestDeviation = 1

const threeOf = ([red, green, blue]: readonly number[]): [number, number, number] => [red!, green!, blue!]
