import type { OpenFile, Spool } from '../archive/spool.js'

export interface ColumnMajorRecords {
  file: OpenFile
  offset: number
  count: number
  /** Of a record. */
  bytes: number
}

const blockBytes = 16 * 2 ** 20

/** Of an array in Fortran's order the records lie scattered, byte j of record i at `j * count + i`: writes them one after another. */
export async function transposed(records: ColumnMajorRecords, spool: Spool): Promise<{ file: OpenFile; offset: number }> {
  const { count, bytes } = records
  return { file: await spool.write(recordBlocks(records), { from: count * bytes }), offset: 0 }
}

async function* recordBlocks({ file, offset, count, bytes }: ColumnMajorRecords): AsyncGenerator<Uint8Array> {
  const atOnce = Math.max(1, Math.floor(blockBytes / bytes))
  const column = new Uint8Array(atOnce)
  for (let first = 0; first < count; first += atOnce) {
    const some = Math.min(atOnce, count - first)
    const block = new Uint8Array(some * bytes)
    for (let j = 0; j < bytes; j++) {
      const values = await file.read(offset + j * count + first, some, column)
      for (let i = 0, at = j; i < some; i++, at += bytes) block[at] = values[i]!
    }
    yield block
  }
}
