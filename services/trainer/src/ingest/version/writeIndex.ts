import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { splits } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { Decoded } from '../decode/decoded.js'
import type { Item } from '../layout/detectedLayout.js'
import type { SplitIndices } from '../splitItems.js'

export interface WriteIndex {
  store: ObjectStore
  prefix: string
  /** For a temporary file, since the index of a million images is larger than memory need be. */
  folder: string
  splitIndices: SplitIndices
  items: readonly Item[]
  decoded: Decoded
}

/** Writes `index.jsonl`: which image stands where, and the sha256 of its pixels. */
export async function writeIndex({
  store,
  prefix,
  folder,
  splitIndices,
  items,
  decoded,
}: WriteIndex): Promise<{ path: string; bytes: number; sha256: string }> {
  const path = 'index.jsonl'
  const hash = createHash('sha256')
  let bytes = 0
  const lines = function* () {
    for (const split of splits) {
      for (const [position, index] of splitIndices[split].entries()) {
        const line = Buffer.from(
          `${JSON.stringify({ split, position, path: items[index]!.path, sha256: decoded.sha256(index, 'hex') })}\n`,
        )
        hash.update(line)
        bytes += line.length
        yield line
      }
    }
  }
  const file = join(folder, path)
  await pipeline(Readable.from(lines()), createWriteStream(file))
  const sha256 = hash.digest('hex')
  await store.put(prefix + path, createReadStream(file), { contentType: 'application/jsonl', sha256, bytes })
  return { path, bytes, sha256 }
}
