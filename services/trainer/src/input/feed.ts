import type { TrainingSpec } from '@imclr/contract'
import { drawAxis } from './axes.js'
import { labelEntropy } from './labels.js'
import { makeAhead } from './makeAhead.js'
import type { Ahead } from './makeAhead.js'
import { batchArrays, batchMaker } from './makeBatch.js'
import type { BatchArrays, BatchShape, BatchSpec, TrainingImages } from './makeBatch.js'

export interface TrainingBatch extends BatchArrays {
  /** Mean entropy of these labels, in nats: below it no loss can be. */
  labelEntropy: number
  /** Which of the input sizes these images have. */
  size: number
}

export interface TrainingFeed extends BatchShape {
  /**
   * The batch of a step, in the feed's own memory, good until the next call; both are counted from 0. Any position can
   * be asked for at once: nothing depends on what was asked before.
   */
  batch(epoch: number, step: number): TrainingBatch
  /** Threads that make batches ahead, now. */
  readonly workers: number
  /** Ends its threads. */
  close(): void
}

export type FeedSpec = BatchSpec & Pick<TrainingSpec, 'epochs'>

export interface FeedOptions {
  /**
   * Threads that make batches. 0: the caller's thread makes them. 'auto': the first steps show how many are needed, up
   * to `mostWorkers`.
   */
  workers: number | 'auto'
  mostWorkers?: number
  /** Milliseconds. */
  now?: () => number
}

/** Batches that are measured before 'auto' is decided. One more before them only warms up. */
const measured = 4
/** Below this share of the time that goes into making batches, threads are not worth their memory. */
const worthThreads = 0.03

/**
 * Gives the training its batches. They are the same whichever thread makes them, because a batch is a function of its
 * position alone (`batchMaker`).
 */
export function trainingFeed(
  split: TrainingImages,
  spec: FeedSpec,
  { workers, mostWorkers = 1, now = () => performance.now() }: FeedOptions = { workers: 0 },
): TrainingFeed {
  const { make, ...shape } = batchMaker(split, spec)
  const { stepsPerEpoch, classes } = shape
  const arrays = batchArrays(shape)
  const open = (count: number) => makeAhead({ split, spec, shape, workers: count, end: spec.epochs * stepsPerEpoch })
  let threads = workers === 'auto' ? 0 : workers
  let ahead: Ahead | null = null
  let decided = workers !== 'auto' || mostWorkers === 0
  const spent = { batches: 0, making: 0, since: 0 }

  /** Making must keep pace with the steps. If it takes n times as long as a step, n threads are needed. */
  const decide = () => {
    const elsewhere = now() - spent.since - spent.making
    decided = true
    if (spent.making > worthThreads * (spent.making + elsewhere))
      threads = Math.min(mostWorkers, Math.ceil(spent.making / Math.max(elsewhere, 1e-3)))
  }

  const makeHere = (epoch: number, step: number) => {
    if (decided) return make(epoch, step, arrays)
    if (spent.batches === measured + 1) decide()
    const start = now()
    if (spent.batches === 1) spent.since = start
    make(epoch, step, arrays)
    const took = now() - start
    if (spent.batches++ > 0) spent.making += took
  }

  return {
    ...shape,
    get workers() {
      return threads
    },
    batch(epoch, step) {
      if (threads > 0) ahead ??= open(threads)
      if (!ahead?.take(epoch * stepsPerEpoch + step, arrays)) makeHere(epoch, step)
      return {
        ...arrays,
        labelEntropy: labelEntropy(arrays.labels, classes),
        size: spec.mode === 'imclr' ? drawAxis(spec, { epoch, step }) : 0,
      }
    },
    close() {
      ahead?.close()
      ahead = null
      threads = 0
    },
  }
}
