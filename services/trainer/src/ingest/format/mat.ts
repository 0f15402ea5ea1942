import { createInflate } from 'node:zlib'
import { DamagedFile } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'
import { inflated } from '../archive/spool.js'
import type { Spool } from '../archive/spool.js'

/** A numeric array of a MAT-file, column after column. */
export interface MatArray {
  name: string
  shape: number[]
  /** Of elements. */
  count: number
  file: OpenFile
  /** Of the first element. */
  offset: number
  /** How elements are stored, whatever the array's class says: MATLAB stores whole doubles as bytes. */
  stored: 'uint8' | 'uint16' | 'int32' | 'double' | 'other'
}

// Data types and array classes by MathWorks, "MAT-File Format" (R2023b), tables 1-1 and 1-3.
const [miInt8, miInt32, miUint32, miMatrix, miCompressed] = [1, 5, 6, 14, 15]
const stores: Record<number, { stored: MatArray['stored']; bytes: number }> = {
  2: { stored: 'uint8', bytes: 1 },
  4: { stored: 'uint16', bytes: 2 },
  5: { stored: 'int32', bytes: 4 },
  9: { stored: 'double', bytes: 8 },
}
const numericClasses = { first: 6, last: 15 } // double, single, and integers of 8 to 64 bits

/** SVHN's files have two; a workspace that was saved whole has some dozens. */
const maxElements = 256
const maxNumbers = 10_000_000

interface Element {
  type: number
  bytes: number
  /** Of its data. */
  start: number
  /** Of the next element. */
  end: number
}

/**
 * The numeric arrays of a MAT-file of version 5 (MATLAB's `-v6` and `-v7`), little-endian. Compressed ones are unpacked
 * to the spool, and no array is held in memory.
 * @throws DamagedFile
 */
export async function readMat(file: OpenFile, spool: Spool): Promise<MatArray[]> {
  const head = Buffer.from(await file.read(0, 128))
  if (head.toString('latin1', 0, 10) !== 'MATLAB 5.0') throw new DamagedFile('it is no MAT-file of version 5')
  if (head.toString('latin1', 126, 128) !== 'IM') throw new DamagedFile('it was written by a big-endian machine')
  const arrays: MatArray[] = []
  for (let at = 128, elements = 0; at < file.bytes; elements++) {
    if (elements === maxElements)
      throw new DamagedFile(`it has more than ${maxElements} elements, the most that are read`)
    const { type, bytes, start, end } = await elementAt(file, at)
    // Compressed elements alone are not padded to eight bytes.
    at = type === miCompressed ? start + bytes : end
    if (start + bytes > file.bytes)
      throw new DamagedFile(`it ends after ${file.bytes} bytes where ${start + bytes} are needed`)
    if (type === miCompressed) {
      const unpacked = await spool.write(inflated({ bytes: start + bytes, read: file.read }, createInflate(), start), {
        from: bytes,
      })
      const inner = await elementAt(unpacked, 0)
      if (inner.start + inner.bytes > unpacked.bytes) throw new DamagedFile('an array ends early')
      if (inner.type === miMatrix) arrays.push(...(await matrix(unpacked, inner)))
    } else if (type === miMatrix) arrays.push(...(await matrix(file, { type, bytes, start, end })))
  }
  return arrays
}

/** A tag: type and length, four bytes each; or both in four, with up to four bytes of data behind them. */
async function elementAt(file: OpenFile, at: number): Promise<Element> {
  const tag = Buffer.from(await file.read(at, 8))
  const small = tag.readUInt16LE(2)
  if (small > 4) throw new DamagedFile(`there is no element at byte ${at}`)
  if (small > 0) return { type: tag.readUInt16LE(0), bytes: small, start: at + 4, end: at + 8 }
  const bytes = tag.readUInt32LE(4)
  return { type: tag.readUInt32LE(0), bytes, start: at + 8, end: at + 8 + Math.ceil(bytes / 8) * 8 }
}

/** Flags, dimensions, name and data follow each other. Empty for what is no numeric array. */
async function matrix(file: OpenFile, { start }: Element): Promise<MatArray[]> {
  const flags = await elementAt(file, start)
  const dimensions = await elementAt(file, flags.end)
  const name = await elementAt(file, dimensions.end)
  if (
    flags.type !== miUint32 ||
    dimensions.type !== miInt32 ||
    name.type !== miInt8 ||
    dimensions.bytes > 64 ||
    name.bytes > 64
  )
    throw new DamagedFile('an array has no proper header')
  const kind = (await file.read(flags.start, 1))[0]!
  if (kind < numericClasses.first || kind > numericClasses.last) return []
  const sides = Buffer.from(await file.read(dimensions.start, dimensions.bytes))
  const shape = Array.from({ length: dimensions.bytes / 4 }, (_, i) => sides.readInt32LE(4 * i))
  if (shape.some((side) => side < 0)) throw new DamagedFile(`an array has the shape ${shape.join(' x ')}`)
  const count = shape.reduce((product, side) => product * side, 1)
  const data = await elementAt(file, name.end)
  const { stored, bytes } = stores[data.type] ?? { stored: 'other' as const, bytes: null }
  if (bytes !== null && count * bytes !== data.bytes)
    throw new DamagedFile(`an array of ${shape.join(' x ')} has ${data.bytes} bytes`)
  if (data.start + data.bytes > file.bytes) throw new DamagedFile('an array ends early')
  return [
    {
      name: Buffer.from(await file.read(name.start, name.bytes)).toString('latin1'),
      shape,
      count,
      file,
      offset: data.start,
      stored,
    },
  ]
}

/** @throws DamagedFile where they are no bytes, 16-bit, 32-bit numbers or doubles, or too many */
export async function readMatNumbers({ file, offset, stored, count }: MatArray): Promise<Float64Array> {
  if (stored === 'other') throw new DamagedFile('its labels are stored in a way that is not read')
  if (count > maxNumbers) throw new DamagedFile(`it has ${count} labels, at most ${maxNumbers} are read`)
  const type = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, double: Float64Array }[stored]
  const content = await file.read(offset, count * type.BYTES_PER_ELEMENT)
  return Float64Array.from(new type(content.slice().buffer))
}
