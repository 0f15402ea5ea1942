import { stream } from '../random/stream.js'

/** How an epoch falls into steps. */
export interface Batches {
  batchSize: number
  stepsPerEpoch: number
}

/**
 * Every batch is full, because a recorded step has one shape: an epoch has floor(count / batchSize) of them and leaves
 * the rest of its order out (PyTorch's `drop_last=True`). Each epoch has an order of its own, so every image is seen
 * equally often in expectation. Where there are fewer images than `batchSize`, all of them are the one batch.
 */
export function batchesOf(count: number, batchSize: number): Batches {
  const size = Math.min(count, batchSize)
  return { batchSize: size, stepsPerEpoch: Math.floor(count / size) }
}

/** The order of an epoch, counted from 0: a permutation of 0..count-1 from the stream (seed, 'shuffle', epoch). */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return stream({ seed, name: 'shuffle', epoch }).permutation(count)
}

/**
 * The order of an epoch in which every class comes equally often, to within one: as many places as there are images,
 * from the same stream. A class with more images than its share gives some of them. A class with fewer repeats all of
 * its images, in a new order each time. The order does not depend on the mode, so paired runs share it.
 *
 * @param labels uint16 `[n]`
 */
export function balancedOrder(labels: Uint16Array, seed: number, epoch: number): Uint32Array {
  const random = stream({ seed, name: 'shuffle', epoch })
  const classes = membersOf(labels)
  const share = Math.floor(labels.length / classes.length)
  const luckyOnes = new Set(random.permutation(classes.length).subarray(0, labels.length % classes.length))
  const drawn = classes.flatMap((members, label) => {
    const wanted = share + (luckyOnes.has(label) ? 1 : 0)
    const places: number[] = []
    while (places.length < wanted)
      for (const i of random.permutation(members.length).subarray(0, wanted - places.length)) places.push(members[i]!)
    return places
  })
  return Uint32Array.from(random.permutation(drawn.length), (i) => drawn[i]!)
}

/** The images of each class that has any. */
function membersOf(labels: Uint16Array): number[][] {
  const members: number[][] = []
  labels.forEach((label, place) => (members[label] ??= []).push(place))
  return members.filter(() => true)
}
