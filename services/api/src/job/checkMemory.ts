import { picturesPerInput, type Issue, type TrainingSpec } from '@imclr/contract'
import type { SpecVersion } from './checkSpec.js'
import { estimateMemory, memoryMargin } from './estimateMemory.js'
import type { NetworkMemory } from './networkMemory.js'

export interface MemorySurroundings {
  network: NetworkMemory
  /** Bytes of the machine that trains; null: not known, and nothing is refused. */
  limit: number | null
}

/** Why a training cannot fit into the memory of the machine that trains, with what would; none: it may. The estimate has its margin before anything is refused. */
export function checkMemory(spec: TrainingSpec, version: SpecVersion, { network, limit }: MemorySurroundings): Issue[] {
  if (limit === null) return []
  const fits = (changed: Partial<TrainingSpec>, picture = version.picture): boolean =>
    estimateMemory({ ...spec, ...changed }, { ...version, picture }, network) * (1 - memoryMargin) <= limit
  if (fits({})) return []
  const message = `This training would take about ${inGibi(estimateMemory(spec, version, network))} of memory, and the machine that trains has ${inGibi(limit)}`
  const smallestBatch = spec.mode === 'imclr' ? picturesPerInput(spec).trained : 2
  const batchSize = largest((size) => fits({ batchSize: size }), [smallestBatch, spec.batchSize])
  const { height, width } = version.picture
  const longest = Math.max(height, width)
  const scaled = (side: number) => ({
    ...version.picture,
    height: Math.max(8, Math.round((height * side) / longest)),
    width: Math.max(8, Math.round((width * side) / longest)),
  })
  const imageSize = largest((side) => fits({}, scaled(side)), [8, longest])
  const ways = [
    ...(batchSize === null ? [] : [`Use batchSize: ${batchSize} or less`]),
    ...(imageSize === null ? [] : [`prepare the data set with imageSize: ${sizeOf(scaled(imageSize))} or less`]),
    'use a smaller network',
  ]
  const fix = `${ways.join(', or ')}; or ask the operator for a machine with more memory (IMCLR_TRAINER_MEMORY says how much there is)`
  return [
    {
      path: batchSize === null ? 'versionId' : 'spec.batchSize',
      code: 'does_not_fit',
      message,
      fix: fix[0]!.toUpperCase() + fix.slice(1),
    },
  ]
}

/** The largest whole number of a range that fits, where what is above one that does not fit does not fit either; null: none does. */
function largest(fits: (value: number) => boolean, [from, to]: [number, number]): number | null {
  if (from > to || !fits(from)) return null
  let [good, bad] = [from, to + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (fits(middle)) good = middle
    else bad = middle
  }
  return good
}

const inGibi = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
const sizeOf = ({ height, width }: { height: number; width: number }): string =>
  height === width ? String(height) : `{ height: ${height}, width: ${width} }`
