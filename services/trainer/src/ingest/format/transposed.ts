import type { OpenFile } from '../archive/archive.js'
import type { Spool } from '../archive/spool.js'

export interface ColumnMajorRecords {
  file: OpenFile
  offset: number
  count: number
  /** Of a record. */
  bytes: number
}

const blockBytes = 16 * 2 ** 20

/**
 * Writes the records of an array in Fortran's order one after another. In the array they lie scattered: byte j of
 * record i is at `j * count + i`. Two rounds keep every read large: the first transposes slabs of many j, the second
 * joins each record's parts from all slabs.
 */
export async function transposed(
  records: ColumnMajorRecords,
  spool: Spool,
): Promise<{ file: OpenFile; offset: number }> {
  const { count, bytes } = records
  const written = { from: count * bytes, again: true }
  /** Values of a record in a slab; the last slab may have fewer. */
  const width = Math.min(bytes, Math.max(1, Math.floor(blockBytes / Math.max(1, count))))
  const turned = await spool.write(turnedSlabs(records, width), written)
  return { file: await spool.write(recordBlocks(turned, { count, bytes, width }), written), offset: 0 }
}

/** Slab after slab: `[width, count]` → `[count, width]`. */
async function* turnedSlabs(
  { file, offset, count, bytes }: ColumnMajorRecords,
  width: number,
): AsyncGenerator<Uint8Array> {
  for (let first = 0; first < bytes; first += width) {
    const some = Math.min(width, bytes - first)
    const slab = await file.read(offset + first * count, some * count)
    const turned = new Uint8Array(some * count)
    for (let j = 0, from = 0; j < some; j++)
      for (let i = 0, to = j; i < count; i++, to += some) turned[to] = slab[from++]!
    yield turned
  }
}

async function* recordBlocks(
  turned: OpenFile,
  { count, bytes, width }: { count: number; bytes: number; width: number },
): AsyncGenerator<Uint8Array> {
  const atOnce = Math.max(1, Math.floor(blockBytes / Math.max(1, bytes)))
  for (let first = 0; first < count; first += atOnce) {
    const records = Math.min(atOnce, count - first)
    const block = new Uint8Array(records * bytes)
    for (let start = 0; start < bytes; start += width) {
      const some = Math.min(width, bytes - start)
      const part = await turned.read(start * count + first * some, records * some)
      for (let i = 0; i < records; i++) block.set(part.subarray(i * some, (i + 1) * some), i * bytes + start)
    }
    yield block
  }
}
