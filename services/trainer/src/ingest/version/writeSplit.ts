import type { DatasetManifest, Split } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { Decoded } from '../decode/decoded.js'
import { ChannelStatistics } from './channelStatistics.js'
import { sha256Of } from '../../sha256Of.js'

type SplitManifest = DatasetManifest['splits'][Split]

/** A shard holds as many images as fit, 10,000 at most. */
const maxShardBytes = 32 * 2 ** 20
const maxShardImages = 10_000

export interface WriteSplit {
  store: ObjectStore
  prefix: string
  name: Split
  /** Places in `decoded`, in the order they are to have. */
  indices: Uint32Array
  labelOf: (index: number) => number
  classCount: number
  decoded: Decoded
  signal: AbortSignal
  onDone: (images: number) => void
}

/** Packs one split into shards and labels. One shard is in memory at a time. */
export async function writeSplit({
  store,
  prefix,
  name,
  indices,
  labelOf,
  classCount,
  decoded,
  signal,
  onDone,
}: WriteSplit): Promise<{ split: SplitManifest; statistics: ChannelStatistics }> {
  const statistics = new ChannelStatistics()
  const perShard = Math.max(1, Math.min(maxShardImages, Math.floor(maxShardBytes / decoded.pictureBytes)))
  const memory = new Uint8Array(Math.min(perShard, indices.length) * decoded.pictureBytes)
  const put = (path: string, bytes: Uint8Array) =>
    putFile(store, prefix, { path, bytes, contentType: 'application/octet-stream' })
  const shards: SplitManifest['shards'] = []
  for (let first = 0; first < indices.length; first += perShard) {
    signal.throwIfAborted()
    const some = indices.subarray(first, first + perShard)
    const pixels = decoded.pixels(some, memory.subarray(0, some.length * decoded.pictureBytes))
    statistics.add(pixels)
    const count = pixels.length / decoded.pictureBytes
    const file = await put(`${name}-${String(shards.length).padStart(5, '0')}.bin`, pixels)
    shards.push({ ...file, count })
    onDone(count)
  }
  const perClass = new Array<number>(classCount).fill(0)
  if (name === 'unlabelled') return { split: { count: indices.length, perClass, shards, labels: null }, statistics }
  const labels = Buffer.alloc(indices.length * 2)
  indices.forEach((index, position) => {
    labels.writeUInt16LE(labelOf(index), position * 2)
    perClass[labelOf(index)]!++
  })
  return {
    split: { count: indices.length, perClass, shards, labels: await put(`${name}-labels.bin`, labels) },
    statistics,
  }
}

export interface FileToPut {
  path: string
  bytes: Uint8Array
  contentType: string
}

/** Writes one file of a version. @returns its entry in the manifest */
export async function putFile(
  store: ObjectStore,
  prefix: string,
  { path, bytes, contentType }: FileToPut,
): Promise<{ path: string; bytes: number; sha256: string }> {
  const sha256 = sha256Of(bytes)
  await store.put(prefix + path, bytes, { contentType, sha256, bytes: bytes.length })
  return { path, bytes: bytes.length, sha256 }
}
