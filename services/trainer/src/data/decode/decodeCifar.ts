import type { Picture } from '@imclr/contract'
import type { Archive } from '../archive/archive.js'
import { scalePixels } from '../codec.js'
import type { Pixels } from '../codec.js'
import type { CifarRecords, Item } from '../layout/survey.js'
import type { Decoded } from './decoded.js'

export interface DecodeCifar {
  archive: Archive
  items: readonly Item[]
  records: CifarRecords
  picture: Picture
  decoded: Decoded
  signal: AbortSignal
  onDone: (images: number) => void
}

/** Pictures that are put at once. */
const batch = 1000

/** Brings CIFAR records, planes of red, green and blue, into order; no codec has a part in it unless another size is asked for. */
export async function decodeCifar({ archive, items, records, picture, decoded, signal, onDone }: DecodeCifar): Promise<void> {
  const { labelBytes, side } = records
  const area = side * side
  const pixels = new Uint8Array(batch * area * 3)
  let content: Uint8Array | undefined
  for (let first = 0; first < items.length; ) {
    const { file } = items[first]!
    content = await archive.read(file, content)
    while (items[first]?.file === file) {
      signal.throwIfAborted()
      let count = 0
      for (; count < batch && items[first + count]?.file === file; count++) {
        interleave(content, items[first + count]!.record! * (labelBytes + 3 * area) + labelBytes, pixels.subarray(count * area * 3, (count + 1) * area * 3))
      }
      const some = pixels.subarray(0, count * area * 3)
      decoded.put(first, picture.height === side ? some : await scaleAll(some, side, picture))
      first += count
      onDone(count)
      await new Promise(setImmediate) // signals get their turn
    }
  }
}

/** One record of a file as upright RGB. */
export function cifarRecord(content: Uint8Array, record: number, { labelBytes, side }: CifarRecords): Pixels {
  const bytes = new Uint8Array(3 * side * side)
  interleave(content, record * (labelBytes + bytes.length) + labelBytes, bytes)
  return { bytes, height: side, width: side }
}

/** `[3, h, w]` at `offset` → `[h, w, 3]` */
function interleave(content: Uint8Array, offset: number, out: Uint8Array): void {
  const area = out.length / 3
  for (let i = 0, o = 0; i < area; i++, o += 3) {
    out[o] = content[offset + i]!
    out[o + 1] = content[offset + area + i]!
    out[o + 2] = content[offset + 2 * area + i]!
  }
}

async function scaleAll(pixels: Uint8Array, side: number, picture: Picture): Promise<Uint8Array> {
  const bytes = 3 * side * side
  const scaled: Uint8Array[] = []
  for (let at = 0; at < pixels.length; at += 4 * bytes) {
    const four = [0, 1, 2, 3].map((i) => pixels.subarray(at + i * bytes, at + (i + 1) * bytes)).filter(({ length }) => length > 0)
    scaled.push(...(await Promise.all(four.map((one) => scalePixels({ bytes: one, height: side, width: side }, picture)))))
  }
  return Buffer.concat(scaled)
}
