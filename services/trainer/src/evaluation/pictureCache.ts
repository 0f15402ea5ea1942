import { createHash } from 'node:crypto'
import { Failure } from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'

/** Keeps changed test images once they are made, so that every model on a version can use them. */
export interface PictureCache {
  /** Returns the kept pictures of that name. If there are none, makes them with `make` and keeps them. */
  pictures(name: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array>
}

/** A cache that keeps nothing. */
export const noCache: PictureCache = { pictures: async (_, make) => make() }

/** Raise this number whenever a change in the code makes the same seed give other pictures than before. */
const generatorVersion = 1

/**
 * Largest set that is kept, in bytes. A larger set is made again for every model. CIFAR-10's whole test split under all
 * corruptions has 2.9 GB.
 */
export const largestSet = 4 * 2 ** 30

const checksumBytes = 32

export interface PictureCacheOptions {
  store: ObjectStore
  /** The version's prefix in the store. Garbage collection removes everything under it together with the version. */
  versionPrefix: string
  contentSha256: string
  seed: number
  /** Everything else that decides which pictures the set has, and in which order. */
  set: string
  /** Called once when the store fails to keep pictures. The evaluation goes on without it. */
  onTrouble: (message: string) => void
}

/**
 * Opens a cache in the object store, keyed by content, seed, set and generator. An object holds the sha256 of the
 * pictures before the pictures, so a reader can detect a damaged object and make it again. Objects appear complete, and
 * two writers write the same bytes, so neither disturbs the other.
 */
export function openPictureCache({
  store,
  versionPrefix,
  contentSha256,
  seed,
  set,
  onTrouble,
}: PictureCacheOptions): PictureCache {
  const folder = keys.pictures(versionPrefix, { content: contentSha256, generator: generatorVersion, seed, set })
  let keeping = true
  return {
    async pictures(name, make) {
      const key = `${folder}${name}.bin`
      const kept = await readKept(store, key)
      if (kept) return kept
      const made = await make()
      if (keeping) {
        await store
          .put(key, Buffer.concat([digest(made), made]), { contentType: 'application/octet-stream' })
          .catch((error: unknown) => {
            keeping = false
            onTrouble(
              `corrupted pictures are not kept for other models: ${error instanceof Error ? error.message : String(error)}`,
            )
          })
      }
      return made
    },
  }
}

/** Reads pictures from the store. Null if they are not there, or not as they were written. */
async function readKept(store: ObjectStore, key: string): Promise<Uint8Array | null> {
  try {
    const bytes = await store.read(key)
    const pictures = bytes.subarray(checksumBytes)
    return bytes.length > checksumBytes && digest(pictures).equals(bytes.subarray(0, checksumBytes)) ? pictures : null
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_FOUND') return null
    throw error
  }
}

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
