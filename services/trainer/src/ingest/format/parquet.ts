import { DamagedFile, maxRatio, ratioFrom } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'
import type { Cell } from './parquet/encodings.js'
import { readChunk } from './parquet/readChunk.js'
import type { Leaf } from './parquet/readChunk.js'
import { numberIn, readStruct, structIn, structsIn, textIn, textsIn } from './parquet/thrift.js'
import type { ThriftStruct } from './parquet/thrift.js'

export interface ParquetTable {
  /** Of all row groups. */
  rows: number
  columns: ParquetColumn[]
  /** One row group after another: the values of each of the leaves. @throws DamagedFile */
  read(leaves: readonly Leaf[]): AsyncGenerator<Cell[][]>
}

export interface ParquetColumn {
  name: string
  /** Of the column itself: what it holds without lists. Null for a struct or a list. */
  leaf: Leaf | null
  /** Of a struct: the leaves among its fields, by name. */
  fields: Map<string, Leaf>
  /**
   * Of a class label, where the file's metadata say so: the class names in order (as Hugging Face's `datasets` writes
   * them).
   */
  names: string[] | null
}

const tailBytes = 8
/** A row group of three columns takes half a kilobyte, so that thousands of them fit. */
const maxFooterBytes = 16 * 2 ** 20
const footerLimits = { maxValues: 1_000_000, maxDepth: 24 }
const maxSchemaDepth = 32
const maxDescriptionBytes = 4 * 2 ** 20
const maxDescriptionDepth = 64

/**
 * Opens a Parquet file (parquet-format 2.11: README.md, parquet.thrift, Encodings.md) for its columns without lists.
 * Our own code reads it, because it must withstand any bytes: it allocates and believes only what the bytes hold, never
 * what they claim.
 * @throws DamagedFile when it is no Parquet file that can be read
 */
export async function openParquet(file: OpenFile): Promise<ParquetTable> {
  const footer = await readFooter(file)
  const schema = structsIn(footer, 2)
  const names = namesIn(footer)
  const columns = columnsOf(schema).map((column) => ({ ...column, names: names(column.name) }))
  const groups = structsIn(footer, 4).map((group) => {
    const rows = numberIn(group, 3)
    if (!(rows >= 0)) throw new DamagedFile(`a row group would have ${rows} rows`)
    return { rows, chunks: structsIn(group, 1) }
  })
  let spent = 0
  const spend = (bytes: number): void => {
    spent += Math.max(0, bytes)
    if (spent > ratioFrom && spent > maxRatio * file.bytes)
      throw new DamagedFile(`its pages unpack to more than ${maxRatio} times its size`)
  }
  return {
    rows: groups.reduce((sum, { rows }) => sum + rows, 0),
    columns,
    async *read(leaves) {
      for (const { rows, chunks } of groups) {
        if (rows === 0) continue
        const cells: Cell[][] = []
        for (const leaf of leaves)
          cells.push(await readChunk(file, { leaf, metadata: chunkOf(chunks, leaf), rows, spend }))
        yield cells
      }
    },
  }
}

async function readFooter(file: OpenFile): Promise<ThriftStruct> {
  const tail = Buffer.from(await file.read(file.bytes - tailBytes, tailBytes))
  if (tail.toString('latin1', 4) !== 'PAR1')
    throw new DamagedFile(
      tail.toString('latin1', 4) === 'PARE'
        ? 'it is encrypted'
        : 'it does not end as a Parquet file does: it is cut off, or none',
    )
  const length = tail.readUInt32LE(0)
  if (length > maxFooterBytes)
    throw new DamagedFile(`its description would have ${length} bytes, at most ${maxFooterBytes} are read`)
  return readStruct(await file.read(file.bytes - tailBytes - length, length), 0, footerLimits).struct
}

/** The schema is a tree written in the order of a walk, each element with the number of its children. */
function columnsOf(schema: readonly ThriftStruct[]): Omit<ParquetColumn, 'names'>[] {
  let next = 0
  const walk = (way: { path: string[]; maxDefinition: number; listed: boolean }, depth: number): Node => {
    const element = schema[next++]
    if (element === undefined) throw new DamagedFile('its schema names more columns than it has')
    if (depth > maxSchemaDepth) throw new DamagedFile(`its schema is nested more than ${maxSchemaDepth} deep`)
    const repetition = numberIn(element, 3, 0)
    const name = textIn(element, 4)
    const here =
      depth === 0
        ? way
        : {
            path: [...way.path, name],
            maxDefinition: way.maxDefinition + (repetition === 0 ? 0 : 1),
            listed: way.listed || repetition === 2,
          }
    const children: Node[] = []
    const count = numberIn(element, 5, 0)
    if (!(count >= 0 && count <= schema.length))
      throw new DamagedFile(`a part of its schema would have ${count} columns; ${schema.length} are there`)
    for (let i = 0; i < count; i++) children.push(walk(here, depth + 1))
    const type = element.get(1)
    const isText = numberIn(element, 6, -1) === 0 || structIn(element, 10).has(1)
    const leaf =
      count > 0 || here.listed || typeof type !== 'number'
        ? null
        : { path: here.path, type, typeLength: numberIn(element, 2, 0), maxDefinition: here.maxDefinition, isText }
    return { name, leaf, children }
  }
  return walk({ path: [], maxDefinition: 0, listed: false }, 0).children.map(({ name, leaf, children }) => ({
    name,
    leaf,
    fields: new Map(children.flatMap((child) => (child.leaf === null ? [] : [[child.name, child.leaf]]))),
  }))
}

interface Node {
  name: string
  leaf: Leaf | null
  children: Node[]
}

function chunkOf(chunks: readonly ThriftStruct[], { path }: Leaf): ThriftStruct {
  const wanted = JSON.stringify(path)
  const found = chunks.find((chunk) => JSON.stringify(textsIn(structIn(chunk, 3), 3)) === wanted)
  if (found === undefined) throw new DamagedFile(`a row group lacks the column ${path.join('.')}`)
  if (textIn(found, 1) !== '') throw new DamagedFile('its columns lie in other files')
  return structIn(found, 3)
}

/** The class names of a column, from the metadata that Hugging Face's `datasets` writes into the file. */
function namesIn(footer: ThriftStruct): (column: string) => string[] | null {
  const described = structsIn(footer, 5).find((pair) => textIn(pair, 1) === 'huggingface')
  const text = described === undefined ? '' : textIn(described, 2)
  if (text.length > maxDescriptionBytes)
    throw new DamagedFile(
      `what it says of its features (huggingface) has ${text.length} characters, at most ${maxDescriptionBytes} are read`,
    )
  if (depthOf(text) > maxDescriptionDepth)
    throw new DamagedFile(`what it says of its features (huggingface) is nested more than ${maxDescriptionDepth} deep`)
  const features = inside(inside(parseJson(text), 'info'), 'features')
  return (column) => {
    const names = inside(inside(features, column), 'names')
    return Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string') ? names : null
  }
}

const inside = (value: unknown, key: string): unknown =>
  value instanceof Object && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined

/** How deep a JSON text is nested, before it is parsed: nested lists take a hundred times their size. */
function depthOf(text: string): number {
  let [depth, deepest, quoted] = [0, 0, false]
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (!quoted && (char === '[' || char === '{')) deepest = Math.max(deepest, ++depth)
    else if (!quoted && (char === ']' || char === '}')) depth--
  }
  return deepest
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
