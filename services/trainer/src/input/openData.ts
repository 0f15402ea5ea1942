import { isGivenValidation, trainingParts } from '@imclr/contract'
import type { DatasetManifest, TrainJobFile, TrainingSpec, UnlabelledSource } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { availableParallelism } from 'node:os'
import { trainingFeed } from './feed.js'
import type { TrainingFeed } from './feed.js'
import { loadSplit, readDatasetManifest, selectImages } from './loadSplit.js'
import type { LoadedSplit } from './loadSplit.js'
import { stratifiedOrder } from '../random/stratifiedOrder.js'
import { unlabelledPool } from './unlabelledPool.js'
import type { UnlabelledPart, UnlabelledPool } from './unlabelledPool.js'
import { batchWorkers, trainingThreads } from '../env.js'
import { sha256Of } from '../sha256Of.js'

export interface TrainingData {
  dataset: DatasetManifest
  feed: TrainingFeed
  /** How many images are trained on with their labels: the label budget, or all images, less the validation part. */
  trainImages: number
  /**
   * Images that the best epoch is chosen by, if the spec asks for it: the version's own validation part, or the end of
   * the budget's stratified order.
   */
  validation: ValidationPart | null
  /** Images that are learnt from without labels, if the spec asks for it. */
  unlabelled: UnlabelledPool | null
  /**
   * The digest of the positions of all parts. Two trainings on the same content with the same digest use each image for
   * the same purpose.
   */
  partsSha256: string
  /** Of the pixels of the whole training split, per channel, in 0..255. */
  normalisation: { mean: [number, number, number]; std: [number, number, number] }
  /** Loads the test images. Call it when nothing remains to be decided by them. */
  openTest(): Promise<LoadedSplit>
}

export interface ValidationPart {
  split: LoadedSplit
  /** The version's own, or training images that are held back. */
  source: 'held-back' | 'given'
  /** The digest of their positions in their own split, uint32 little-endian, in order. */
  positionsSha256: string
}

/**
 * Loads the version's training images, takes the label budget of them, and holds back the validation part. Adds the
 * images that are learnt from without labels, and the feed that makes batches of them all.
 */
export async function openData(
  store: ObjectStore,
  { spec, versionPrefix: prefix }: TrainJobFile,
  onBytes: (done: number, total: number) => void,
): Promise<TrainingData> {
  const dataset = await readDatasetManifest(store, prefix)
  const { semiSupervised } = spec
  const load = loading({ store, prefix, manifest: dataset, spec, onBytes })
  const all = await load('train')
  const parts = trainingParts(spec, { train: all.count, validation: dataset.splits.validation.count })
  const given = isGivenValidation(spec.validation) ? await load('validation') : null
  const held = given === null ? parts.validation : 0
  const order =
    parts.train === all.count
      ? countedFrom(0, all.count)
      : stratifiedOrder(all.labels, dataset.versionId, spec.subsetSeed)
  const places = {
    train: order.subarray(0, parts.train),
    validation: given === null ? order.subarray(parts.train, parts.train + held) : countedFrom(0, given.count),
    leftOver: order.subarray(parts.train + held),
  }
  const train = parts.train === all.count ? all : selectImages(all, places.train)

  const partOf = async (source: UnlabelledSource): Promise<UnlabelledPart> => {
    if (source === 'labelled') return { source, positions: places.train, images: train }
    if (source === 'left-over')
      return {
        source,
        positions: places.leftOver,
        images: selectImages({ ...all, labels: new Uint16Array() }, places.leftOver),
      }
    const images = await load('unlabelled')
    return { source, positions: countedFrom(all.count, images.count), images }
  }
  const unlabelled =
    semiSupervised &&
    unlabelledPool((await Promise.all(semiSupervised.from.map(partOf))).filter(({ images }) => images.count > 0))
  return {
    dataset,
    feed: trainingFeed({ ...train, unlabelled: unlabelled && unlabelled.images }, spec, {
      workers: batchWorkers(),
      mostWorkers: (trainingThreads() ?? availableParallelism()) - 1,
    }),
    trainImages: parts.train,
    validation:
      places.validation.length === 0
        ? null
        : {
            split: given ?? selectImages(all, places.validation),
            source: given === null ? 'held-back' : 'given',
            positionsSha256: sha256Of(places.validation),
          },
    unlabelled,
    partsSha256: sha256Of(
      JSON.stringify([sha256Of(places.train), sha256Of(places.validation), unlabelled && unlabelled.positionsSha256]),
    ),
    normalisation: {
      mean: threeOf(dataset.channelMean),
      std: threeOf(dataset.channelStd.map((deviation) => Math.max(deviation, smallestDeviation))),
    },
    openTest: () => loadSplit({ store, prefix, manifest: dataset, split: 'test' }),
  }
}

interface Loading {
  store: ObjectStore
  prefix: string
  manifest: DatasetManifest
  spec: TrainingSpec
  onBytes: (done: number, total: number) => void
}

/** Loads splits one after another. Progress counts the bytes of all splits that the spec needs. */
function loading({
  store,
  prefix,
  manifest,
  spec,
  onBytes,
}: Loading): (split: 'train' | 'validation' | 'unlabelled') => Promise<LoadedSplit> {
  const {
    splits,
    picture: { height, width },
  } = manifest
  const withValidation = splits.train.count + (isGivenValidation(spec.validation) ? splits.validation.count : 0)
  const wanted = withValidation + (spec.semiSupervised?.from.includes('unlabelled') ? splits.unlabelled.count : 0)
  const before = { train: 0, validation: splits.train.count, unlabelled: withValidation }
  const size = height * width * 3
  return (split) =>
    loadSplit({
      store,
      prefix,
      manifest,
      split,
      onBytes: (done) => onBytes(before[split] * size + done, wanted * size),
    })
}

const countedFrom = (first: number, count: number) => Uint32Array.from({ length: count }, (_, i) => first + i)

/** Of 255: a channel that never changes must not be divided by zero. */
const smallestDeviation = 1

const threeOf = ([red, green, blue]: readonly number[]): [number, number, number] => [red!, green!, blue!]
