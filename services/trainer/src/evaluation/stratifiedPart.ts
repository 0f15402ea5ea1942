import { stream } from '../random/stream.js'

/**
 * Chooses `wanted` images so that every class keeps its share (largest remainders; at least one image of each class if
 * there is room). A seeded permutation chooses within a class. The result depends only on labels, wanted and seed, so
 * every model on one version gets the same part.
 *
 * @returns positions in the split, ascending
 */
export function stratifiedPart(labels: Uint16Array, wanted: number, seed: number): Uint32Array {
  if (wanted >= labels.length) return Uint32Array.from(labels, (_, i) => i)
  const byClass = new Map<number, number[]>()
  labels.forEach((label, i) => {
    const own = byClass.get(label)
    if (own) own.push(i)
    else byClass.set(label, [i])
  })
  const groups = [...byClass]
    .sort(([a], [b]) => a - b)
    .map(([label, places]) => ({ label, places, exact: (places.length * wanted) / labels.length, take: 0 }))
  for (const group of groups) group.take = Math.floor(group.exact)
  const empty = groups.filter((group) => group.take === 0)
  const left = () => wanted - groups.reduce((sum, group) => sum + group.take, 0)
  if (empty.length <= left()) for (const group of empty) group.take = 1
  const byRemainder = [...groups].sort((a, b) => b.exact - b.take - (a.exact - a.take) || a.label - b.label)
  for (let i = 0; left() > 0; i++) {
    const group = byRemainder[i % byRemainder.length]!
    if (group.take < group.places.length) group.take++
  }
  const chosen = groups.flatMap(({ label, places, take }) => {
    const order = stream({ seed, name: 'corrupt', epoch: 0, index: label }).permutation(places.length)
    return Array.from(order.subarray(0, take), (k) => places[k]!)
  })
  return Uint32Array.from(chosen).sort()
}
