/** Pages may be packed by Snappy, gzip or Brotli, and by Zstandard where this Node has it (22.15 and later). */
import * as zlib from 'node:zlib'
import { DamagedFile, maxFileBytes } from '../../archive/archive.js'
import type { OpenFile } from '../../archive/archive.js'
import { delta, deltaLengths, deltaPrefixes, hybrid, physical, plain, take, takeLength } from './encodings.js'
import type { Cell, Cursor } from './encodings.js'
import { unsnap } from './snappy.js'
import { numberIn, readStruct, structIn } from './thrift.js'
import type { ThriftStruct } from './thrift.js'

/** A column without lists in it: the values of a column, or of a field of its structs. */
export interface Leaf {
  path: string[]
  type: number
  typeLength: number
  /** How many of the schema's elements on the way may be missing. */
  maxDefinition: number
  isText: boolean
}

export interface Chunk {
  leaf: Leaf
  /** ColumnMetaData of Parquet's Thrift definition. */
  metadata: ThriftStruct
  /** How many values it must give. */
  rows: number
  /** Called with the number of bytes before they are read or made. */
  spend: (bytes: number) => void
}

/** A page's header has some dozen values. */
const headerLimits = { maxValues: 1000, maxDepth: 8 }
const pageTypes = { data: 0, index: 1, dictionary: 2, data2: 3 }
const encodings = { plain: 0, oldDictionary: 2, hybrid: 3, delta: 5, deltaLengths: 6, deltaPrefixes: 7, dictionary: 8 }

/**
 * The values of a column in one row group; null for a missing one. Byte arrays are views of unpacked pages.
 * @throws DamagedFile
 */
export async function readChunk(file: OpenFile, { leaf, metadata, rows, spend }: Chunk): Promise<Cell[]> {
  const dictionaryAt = numberIn(metadata, 11, 0)
  const dataAt = numberIn(metadata, 9)
  const start = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt
  const length = numberIn(metadata, 7)
  if (numberIn(metadata, 1) !== leaf.type)
    throw new DamagedFile(`its description gives the column ${leaf.path.join('.')} two types`)
  if (length > maxFileBytes)
    throw new DamagedFile(
      `a row group has ${length} bytes of one column, at most ${maxFileBytes} are read at once; write it with smaller ones`,
    )
  spend(length)
  const chunk = await file.read(start, length)
  const page: Page = { leaf, codec: numberIn(metadata, 4), dictionary: null, spend }
  const cells: Cell[] = []
  for (let at = 0; cells.length < rows;) {
    if (at >= chunk.length)
      throw new DamagedFile(
        `the column ${leaf.path.join('.')} has ${cells.length} of the ${rows} values of a row group`,
      )
    const { struct: header, end } = readStruct(chunk, at, headerLimits)
    const [type, unpacked, packed] = [numberIn(header, 1), numberIn(header, 2), numberIn(header, 3)]
    if (unpacked < 0 || unpacked > maxFileBytes)
      throw new DamagedFile(`a page would have ${unpacked} bytes, at most ${maxFileBytes} are read`)
    const content = take({ bytes: chunk, at: end }, packed)
    at = end + packed
    spend(unpacked)
    const most = rows - cells.length
    if (type === pageTypes.dictionary) page.dictionary = dictionaryOf(content, { header, unpacked, page })
    else if (type === pageTypes.data) append(cells, firstKind(content, { header, unpacked, page, most }))
    else if (type === pageTypes.data2) append(cells, secondKind(content, { header, unpacked, page, most }))
    else if (type !== pageTypes.index) throw new DamagedFile(`a page is of the unknown type ${type}`)
  }
  return cells
}

function append(cells: Cell[], more: readonly Cell[]): void {
  for (const cell of more) cells.push(cell)
}

/** What the pages of a chunk share. */
interface Page {
  leaf: Leaf
  codec: number
  dictionary: Cell[] | null
  spend: (bytes: number) => void
}

interface Read {
  header: ThriftStruct
  unpacked: number
  page: Page
  /** Values that the row group still lacks. */
  most: number
}

function dictionaryOf(content: Uint8Array, { header, unpacked, page }: Omit<Read, 'most'>): Cell[] {
  const bytes = unpack(content, page.codec, unpacked)
  const count = numberIn(structIn(header, 7), 1)
  // Each takes a bit at least.
  if (!(count >= 0 && count <= 8 * bytes.length))
    throw new DamagedFile(`a dictionary would have ${count} values in ${bytes.length} bytes`)
  return plain({ bytes, at: 0 }, count, page.leaf)
}

/** DATA_PAGE: levels and values are packed together. */
function firstKind(content: Uint8Array, { header, unpacked, page, most }: Read): Cell[] {
  const about = structIn(header, 5)
  const count = counted(about, most)
  const cursor = { bytes: unpack(content, page.codec, unpacked), at: 0 }
  const { maxDefinition } = page.leaf
  if (maxDefinition === 0) return values(cursor, { count, encoding: numberIn(about, 2), page })
  if (numberIn(about, 3) !== encodings.hybrid)
    throw new DamagedFile('the levels of a page are written in an old way that is not read')
  const levels = hybrid({ bytes: take(cursor, takeLength(cursor)), at: 0 }, count, bitsOf(maxDefinition))
  return withHoles(levels, maxDefinition, (present) =>
    values(cursor, { count: present, encoding: numberIn(about, 2), page }),
  )
}

/** DATA_PAGE_V2: levels lie before the values, as they are. */
function secondKind(content: Uint8Array, { header, unpacked, page, most }: Read): Cell[] {
  const about = structIn(header, 8)
  const count = counted(about, most)
  const [levelBytes, listBytes] = [numberIn(about, 5), numberIn(about, 6)]
  const whole = { bytes: content, at: 0 }
  take(whole, listBytes)
  const levelled = take(whole, levelBytes)
  const rest = content.subarray(whole.at)
  const bytes = about.get(7) === false ? rest : unpack(rest, page.codec, unpacked - levelBytes - listBytes)
  const cursor = { bytes, at: 0 }
  const { maxDefinition } = page.leaf
  const encoding = numberIn(about, 4)
  if (maxDefinition === 0) return values(cursor, { count, encoding, page })
  return withHoles(hybrid({ bytes: levelled, at: 0 }, count, bitsOf(maxDefinition)), maxDefinition, (present) =>
    values(cursor, { count: present, encoding, page }),
  )
}

function counted(about: ThriftStruct, most: number): number {
  const count = numberIn(about, 1)
  if (!(count >= 0 && count <= most))
    throw new DamagedFile(`a page would have ${count} values where its row group lacks ${most}`)
  return count
}

const bitsOf = (value: number): number => 32 - Math.clz32(value)

function withHoles(levels: Uint32Array, full: number, read: (present: number) => Cell[]): Cell[] {
  const present = read(levels.reduce((sum, level) => sum + (level === full ? 1 : 0), 0))
  let next = 0
  return Array.from(levels, (level) => (level === full ? present[next++]! : null))
}

function values(cursor: Cursor, { count, encoding, page }: { count: number; encoding: number; page: Page }): Cell[] {
  const { leaf, dictionary, spend } = page
  if (count === 0) return []
  const isNumber = leaf.type === physical.int32 || leaf.type === physical.int64
  if (encoding === encodings.plain) return plain(cursor, count, leaf)
  if (encoding === encodings.dictionary || encoding === encodings.oldDictionary) {
    if (dictionary === null) throw new DamagedFile('a page refers to a dictionary that is not there')
    return Array.from(hybrid(cursor, count, take(cursor, 1)[0]!), (place) => dictionary[place] ?? outside())
  }
  if (encoding === encodings.hybrid && leaf.type === physical.boolean) {
    const length = takeLength(cursor)
    return Array.from(hybrid({ bytes: take(cursor, length), at: 0 }, count, 1), (bit) => bit === 1)
  }
  if (encoding === encodings.delta && isNumber) return delta(cursor, count)
  if (encoding === encodings.deltaLengths && leaf.type === physical.bytes) return deltaLengths(cursor, count)
  if (encoding === encodings.deltaPrefixes && leaf.type === physical.bytes) return deltaPrefixes(cursor, count, spend)
  throw new DamagedFile(`values are written in the encoding ${encoding}, which is not read for this column`)
}

function outside(): never {
  throw new DamagedFile('a page refers to a place that its dictionary does not have')
}

/** By the numbers of CompressionCodec. @throws DamagedFile where it does not become `length` bytes */
function unpack(content: Uint8Array, codec: number, length: number): Uint8Array {
  const bytes = unpacked(content, codec, length)
  if (bytes.length !== length) throw new DamagedFile(`a page of ${length} bytes has ${bytes.length}`)
  return bytes
}

function unpacked(content: Uint8Array, codec: number, length: number): Uint8Array {
  const options = { maxOutputLength: Math.max(1, length) }
  try {
    switch (codec) {
      case 0:
        return content
      case 1:
        return unsnap(content, length)
      case 2:
        return zlib.gunzipSync(content, options)
      case 4:
        return zlib.brotliDecompressSync(content, options)
      case 6:
        if ('zstdDecompressSync' in zlib) return (zlib.zstdDecompressSync as typeof zlib.gunzipSync)(content, options)
    }
  } catch (error) {
    if (error instanceof DamagedFile) throw error
    throw new DamagedFile(`a page cannot be unpacked (${(error as Error).message})`, { cause: error })
  }
  throw new DamagedFile(
    `its pages are packed by ${codecs[codec] ?? `the codec ${codec}`}, which is not read here; write it with Snappy, gzip or Brotli`,
  )
}

const codecs = ['nothing', 'Snappy', 'gzip', 'LZO', 'Brotli', 'LZ4', 'Zstandard', 'LZ4']
