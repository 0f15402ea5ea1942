import { stream } from '../random/stream.js'

/** How an epoch falls into steps. */
export interface Batches {
  batchSize: number
  stepsPerEpoch: number
}

/**
 * Every batch is full, because a recorded step has one shape: an epoch has floor(count / batchSize) of them and leaves the rest of its
 * order out (PyTorch's `drop_last=True`). Each epoch has an order of its own, so every image is seen equally often in expectation.
 * Where there are fewer images than `batchSize`, all of them are the one batch.
 */
export function batchesOf(count: number, batchSize: number): Batches {
  const size = Math.min(count, batchSize)
  return { batchSize: size, stepsPerEpoch: Math.floor(count / size) }
}

/** The order of an epoch, counted from 0: a permutation of 0..count-1 from the stream (seed, 'shuffle', epoch). */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return stream({ seed, name: 'shuffle', epoch }).permutation(count)
}
