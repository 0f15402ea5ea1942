import { datasetManifest, Failure } from '@imclr/contract'
import type { DatasetManifest, Split } from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'
import { sha256Of } from '../sha256Of.js'

/** One split in memory. */
export interface LoadedSplit {
  count: number
  height: number
  width: number
  /** How many classes the data set has. */
  classes: number
  /** uint8 `[count, height, width, 3]` */
  images: Uint8Array
  /** uint16 `[count]`; empty for the unlabelled split. */
  labels: Uint16Array
}

/** Reads the manifest of a version. @param prefix ends with a slash */
export async function readDatasetManifest(store: ObjectStore, prefix: string): Promise<DatasetManifest> {
  const parsed = datasetManifest.safeParse(
    JSON.parse(Buffer.from(await store.read(keys.manifest(prefix))).toString('utf8')),
  )
  if (!parsed.success)
    throw new Failure('CHECKSUM_MISMATCH', `${keys.manifest(prefix)} is not the manifest of a data set`, {
      cause: parsed.error,
    })
  return parsed.data
}

export interface LoadSplit {
  store: ObjectStore
  /** Where the version's files are; ends with a slash. */
  prefix: string
  manifest: DatasetManifest
  split: Split
  signal?: AbortSignal
  /** Bytes so far and in all. */
  onBytes?: (done: number, total: number) => void
}

/**
 * Reads a split into memory, each file checked against the manifest.
 * @throws Failure CHECKSUM_MISMATCH when a file is not what the manifest says, NOT_FOUND when it is gone, OUT_OF_MEMORY
 */
export async function loadSplit({ store, prefix, manifest, split, signal, onBytes }: LoadSplit): Promise<LoadedSplit> {
  const { count, shards } = manifest.splits[split]
  const { height, width } = manifest.picture
  const images = allocate(count * height * width * 3, `the ${split} split`)
  let filled = 0
  for (const shard of shards) {
    signal?.throwIfAborted()
    const bytes = await readShard(store, prefix, shard)
    if (bytes.length !== shard.count * height * width * 3 || filled + bytes.length > images.length)
      throw new Failure(
        'CHECKSUM_MISMATCH',
        `${prefix}${shard.path} has ${bytes.length} bytes, not those of ${shard.count} images`,
      )
    images.set(bytes, filled)
    filled += bytes.length
    onBytes?.(filled, images.length)
  }
  if (filled !== images.length)
    throw new Failure(
      'CHECKSUM_MISMATCH',
      `the shards of ${prefix} hold ${filled} bytes; ${count} images have ${images.length}`,
    )
  const labels = await readLabels(store, prefix, manifest.splits[split])
  return { count, height, width, classes: manifest.classes.length, images, labels }
}

/** uint16 `[count]`; empty for the unlabelled split. */
export async function readLabels(
  store: ObjectStore,
  prefix: string,
  { count, labels: file }: DatasetManifest['splits'][Split],
): Promise<Uint16Array> {
  const labels = new Uint16Array(file === null ? 0 : count)
  if (file === null) return labels
  const bytes = Buffer.from(await readShard(store, prefix, file))
  if (bytes.length !== 2 * count)
    throw new Failure(
      'CHECKSUM_MISMATCH',
      `${prefix}${file.path} has ${bytes.length} bytes, not those of ${count} labels`,
    )
  for (let i = 0; i < count; i++) labels[i] = bytes.readUInt16LE(2 * i)
  return labels
}

/** One file of a version, checked against the manifest. */
export async function readShard(
  store: ObjectStore,
  prefix: string,
  { path, sha256 }: { path: string; sha256: string },
): Promise<Uint8Array> {
  const bytes = await store.read(prefix + path)
  if (sha256Of(bytes) !== sha256)
    throw new Failure('CHECKSUM_MISMATCH', `${prefix}${path} is not what the manifest says it is`)
  return bytes
}

/** Memory that is shared with the threads that make batches. @throws Failure OUT_OF_MEMORY */
export function allocate(bytes: number, what: string): Uint8Array {
  try {
    return new Uint8Array(new SharedArrayBuffer(bytes))
  } catch (error) {
    throw new Failure('OUT_OF_MEMORY', `${what} takes ${bytes} bytes in memory, more than can be had`, { cause: error })
  }
}

/** The images at the given places, in that order: a label budget, or a stratified part of the test split. */
export function selectImages(split: LoadedSplit, places: Uint32Array): LoadedSplit {
  const size = split.height * split.width * 3
  const images = allocate(places.length * size, `a part of ${split.count} images`)
  places.forEach((place, i) => images.set(split.images.subarray(place * size, (place + 1) * size), i * size))
  return {
    ...split,
    count: places.length,
    images,
    labels: split.labels.length === 0 ? split.labels : Uint16Array.from(places, (place) => split.labels[place]!),
  }
}
