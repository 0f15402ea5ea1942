import { createHash } from 'node:crypto'
import { stream } from './stream.js'

/**
 * Orders all images of a split so that every beginning of the order is stratified: first one image of each class, then
 * each class as often as its share has it, to within one image. A pure function of (labels, versionId, subsetSeed); a
 * label budget (`trainImages`) is its beginning, so a larger budget holds the smaller one and paired runs share it.
 *
 * @param labels uint16 `[n]`
 * @returns a permutation of 0..n-1
 */
export function stratifiedOrder(labels: Uint16Array, versionId: string, subsetSeed: number): Uint32Array {
  const seed = createHash('sha256').update(`${versionId}/${subsetSeed}`).digest().readUIntBE(0, 6)
  const members: number[][] = []
  labels.forEach((label, index) => (members[label] ??= []).push(index))
  // The j-th of a class of m stands at (j + 1/2) / m, its first before everything; ties are broken by chance.
  const standing = new Float64Array(labels.length)
  members.forEach((places, label) => {
    const order = stream({ seed, name: 'split', index: label }).permutation(places.length)
    order.forEach((member, j) => (standing[places[member]!] = j === 0 ? 0 : (j + 0.5) / places.length))
  })
  const chance = stream({ seed, name: 'split', epoch: 1 }).permutation(labels.length)
  return Uint32Array.from(labels.keys()).sort((a, b) => standing[a]! - standing[b]! || chance[a]! - chance[b]!)
}
