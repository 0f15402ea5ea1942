import { createHash } from 'node:crypto'
import { Failure } from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'

/** Where changed test images are kept once they are made, so that every model on a version finds them. */
export interface PictureCache {
  /** The pictures of that name: those kept, or else what `make` gives, which are kept then. */
  pictures(name: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array>
}

/** Keeps nothing. */
export const noCache: PictureCache = { pictures: async (_, make) => make() }

/** Raised whenever the same seed gives other pictures than before. */
const generatorVersion = 1

/** A set that is larger is made anew for every model: CIFAR-10's whole test split under all corruptions has 2.9 GB. */
export const largestSet = 4 * 2 ** 30

const checksumBytes = 32

export interface PictureCacheOptions {
  store: ObjectStore
  /** Of the version: what lies under it is collected with it. */
  versionPrefix: string
  contentSha256: string
  seed: number
  /** What else decides which pictures they are, and in which order. */
  set: string
  /** Told once when the store keeps no more; the evaluation goes on without. */
  onTrouble: (message: string) => void
}

/**
 * A cache in the object store, keyed by content, seed, set and generator. An object is the sha256 of the pictures and the pictures, so it
 * proves itself: a damaged one is made anew. Objects appear whole, and two writers write the same bytes, so neither disturbs the other.
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

/** Null: not there, or not what was written. */
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
