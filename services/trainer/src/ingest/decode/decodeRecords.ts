import type { Picture } from '@imclr/contract'
import { scalePixels } from '../../image/codec.js'
import type { Item } from '../layout/detectedLayout.js'
import { readRecords, toRgb } from '../records.js'
import type { Records } from '../records.js'
import type { Decoded } from './decoded.js'
import { boxOf } from './look.js'

export interface DecodeRecords {
  items: readonly Item[]
  /** By `Item.file`. */
  blocks: readonly Records[]
  picture: Picture
  decoded: Decoded
  signal: AbortSignal
  onDone: (images: number) => void
}

/** Records that are read and put at once: this many, or as many as fit. */
const batch = 1000
const batchBytes = 8 * 2 ** 20

/** Turns raw records into pictures, `[h, w, 3]` each. A codec is needed only to scale them. */
export async function decodeRecords({ items, blocks, picture, decoded, signal, onDone }: DecodeRecords): Promise<void> {
  let content: Uint8Array | undefined
  let pixels = new Uint8Array()
  for (let at = 0; at < items.length;) {
    const { file, record } = items[at]!
    const block = blocks[file]!
    const { grid, recordBytes } = block
    const bytes = grid.height * grid.width * 3
    const most = Math.min(batch, Math.max(1, Math.floor(batchBytes / Math.max(bytes, recordBytes))))
    let count = 1
    while (count < most && items[at + count]?.file === file && items[at + count]!.record === record! + count) count++
    content = await readRecords(block, { first: record!, count }, content)
    if (pixels.length < count * bytes) pixels = new Uint8Array(most * bytes)
    for (let i = 0; i < count; i++)
      toRgb(content, i * recordBytes, { grid, out: pixels.subarray(i * bytes, (i + 1) * bytes) })
    const some = pixels.subarray(0, count * bytes)
    const same = picture.height === grid.height && picture.width === grid.width
    decoded.put(
      at,
      same ? some : await scaleAll(some, { height: grid.height, width: grid.width, picture }),
      boxOf(grid, picture),
    )
    at += count
    onDone(count)
    signal.throwIfAborted()
    await new Promise(setImmediate) // signals get their turn
  }
}

/** Four at once. */
async function scaleAll(
  pixels: Uint8Array,
  { height, width, picture }: { height: number; width: number; picture: Picture },
): Promise<Uint8Array> {
  const bytes = 3 * height * width
  const scaled: Uint8Array[] = []
  for (let at = 0; at < pixels.length; at += 4 * bytes) {
    const four = [0, 1, 2, 3]
      .map((i) => pixels.subarray(at + i * bytes, at + (i + 1) * bytes))
      .filter(({ length }) => length > 0)
    scaled.push(...(await Promise.all(four.map((one) => scalePixels({ bytes: one, height, width }, picture)))))
  }
  return Buffer.concat(scaled)
}
