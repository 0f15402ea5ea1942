/**
 * The one door to hyparquet. Row groups are read one at a time; pages may be packed by Snappy, gzip or Brotli, and by Zstandard
 * where this Node has it (22.15 and later).
 */
import * as zlib from 'node:zlib'
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import type { AsyncBuffer, Compressors } from 'hyparquet'
import { z } from 'zod'
import { DamagedFile, maxFileBytes } from '../archive/archive.js'
import type { OpenFile } from '../archive/spool.js'

export interface ParquetTable {
  rows: number
  columns: ParquetColumn[]
  /** One row group after another. Byte arrays come as bytes, strings as strings, 64-bit numbers as bigint. @throws DamagedFile */
  read(columns: string[]): AsyncGenerator<Record<string, unknown>[]>
}

export interface ParquetColumn {
  name: string
  /** Of a struct: its fields. */
  fields: string[]
  isBytes: boolean
  /** Of a class label, where the file's metadata say so: the class names in order (as Hugging Face's `datasets` writes them). */
  names: string[] | null
}

const features = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) })
const classLabel = z.object({ names: z.array(z.string()).min(1).max(65_535) })

/** @throws DamagedFile when it is no Parquet file that can be read */
export async function openParquet(file: OpenFile): Promise<ParquetTable> {
  const buffer = asyncBuffer(file)
  const metadata = await parquetMetadataAsync(buffer, { geoparquet: false }).catch(damaged)
  const described = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  const known = features.safeParse(parseJson(described)).data?.info.features ?? {}
  const columns = parquetSchema(metadata).children.map(({ element, children }): ParquetColumn => ({
    name: element.name,
    fields: children.map((child) => child.element.name),
    isBytes: element.type === 'BYTE_ARRAY' && element.converted_type !== 'UTF8',
    names: classLabel.safeParse(known[element.name]).data?.names ?? null,
  }))
  return {
    rows: Number(metadata.num_rows),
    columns,
    async *read(names) {
      let rowStart = 0
      for (const group of metadata.row_groups) {
        if (group.total_byte_size > maxFileBytes) throw new DamagedFile(`a row group has ${group.total_byte_size} bytes, at most ${maxFileBytes} are read at once; write it with smaller ones`)
        const rowEnd = rowStart + Number(group.num_rows)
        yield await parquetReadObjects({ file: buffer, metadata, columns: names, rowStart, rowEnd, utf8: false, geoparquet: false, compressors }).catch(damaged)
        rowStart = rowEnd
      }
    },
  }
}

const compressors: Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ...('zstdDecompressSync' in zlib ? { ZSTD: zlib.zstdDecompressSync as (input: Uint8Array) => Uint8Array } : {}),
}

const asyncBuffer = (file: OpenFile): AsyncBuffer => ({
  byteLength: file.bytes,
  async slice(start, end = file.bytes) {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, file.bytes) - start))
    await file.read(start, bytes.length, bytes)
    return bytes.buffer
  },
})

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** What hyparquet throws is a plain error, whatever is wrong with the file. */
function damaged(error: unknown): never {
  if (error instanceof DamagedFile || (error as NodeJS.ErrnoException).syscall !== undefined) throw error
  throw new DamagedFile(`it cannot be read (${(error as Error).message})`, { cause: error })
}
