import { DamagedFile } from '../../archive/archive.js'

/** A value of a column. Numbers beyond 2^53 are rounded. */
export type Cell = Uint8Array | number | boolean | null

/** Physical types by their numbers in Parquet's Thrift definition. */
export const physical = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 }

/** A position in a page. */
export interface Cursor {
  bytes: Uint8Array
  at: number
}

/** The next bytes. @throws DamagedFile where there are no more */
export function take(cursor: Cursor, length: number): Uint8Array {
  if (!(length >= 0 && length <= cursor.bytes.length - cursor.at)) throw new DamagedFile('a page ends early')
  return cursor.bytes.subarray(cursor.at, (cursor.at += length))
}

/** Four bytes, little-endian. @throws DamagedFile */
export function takeLength(cursor: Cursor): number {
  const bytes = take(cursor, 4)
  return bytes[0]! + bytes[1]! * 2 ** 8 + bytes[2]! * 2 ** 16 + bytes[3]! * 2 ** 24
}

function takeVarint(cursor: Cursor): bigint {
  let result = 0n
  for (let power = 0n; power < 70n; power += 7n) {
    const byte = take(cursor, 1)[0]!
    result |= BigInt(byte & 0x7f) << power
    if (byte < 0x80) return result
  }
  throw new DamagedFile('a number in a page does not end')
}

/** As `count` values of a type lie, one after another. @throws DamagedFile */
export function plain(
  cursor: Cursor,
  count: number,
  { type, typeLength }: { type: number; typeLength: number },
): Cell[] {
  const numbers = (bytes: number, read: (view: DataView, at: number) => number): number[] => {
    const some = take(cursor, count * bytes)
    const view = new DataView(some.buffer, some.byteOffset, some.byteLength)
    return Array.from({ length: count }, (_, i) => read(view, i * bytes))
  }
  switch (type) {
    case physical.boolean: {
      const bits = take(cursor, Math.ceil(count / 8))
      return Array.from({ length: count }, (_, i) => ((bits[i >> 3]! >> (i & 7)) & 1) === 1)
    }
    case physical.int32:
      return numbers(4, (view, at) => view.getInt32(at, true))
    case physical.int64:
      return numbers(8, (view, at) => Number(view.getBigInt64(at, true)))
    case physical.float:
      return numbers(4, (view, at) => view.getFloat32(at, true))
    case physical.double:
      return numbers(8, (view, at) => view.getFloat64(at, true))
    case physical.bytes: {
      const found: Cell[] = []
      for (let i = 0; i < count; i++) found.push(take(cursor, takeLength(cursor)))
      return found
    }
    case physical.fixed: {
      if (typeLength < 1) throw new DamagedFile('values of a fixed length have none')
      take({ ...cursor }, count * typeLength)
      return Array.from({ length: count }, () => take(cursor, typeLength))
    }
    default:
      throw new DamagedFile(`its values are of the type ${type}, which is not read`)
  }
}

/**
 * `count` numbers of `width` bits in runs of one value and packed groups of eight ("RLE / Bit-Packing Hybrid"). Never
 * more than `count`, whatever a run claims.
 * @throws DamagedFile
 */
export function hybrid(cursor: Cursor, count: number, width: number): Uint32Array {
  if (width > 32) throw new DamagedFile(`a page has numbers of ${width} bits`)
  const found = new Uint32Array(count)
  for (let done = 0; done < count;) {
    const head = Number(takeVarint(cursor))
    if (head % 2 === 0) {
      const end = Math.min(count, done + head / 2)
      const value = take(cursor, Math.ceil(width / 8)).reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0)
      found.fill(value, done, end)
      done = end
      continue
    }
    const run = Math.min(count - done, ((head - 1) / 2) * 8)
    // Writers may leave out what the last group has too many.
    const packed = take(cursor, Math.min(((head - 1) / 2) * width, cursor.bytes.length - cursor.at))
    if (packed.length * 8 < run * width) throw new DamagedFile('a page ends early')
    for (let i = 0, bit = 0; i < run; i++) {
      let value = 0
      for (let read = 0; read < width;) {
        const some = Math.min(8 - (bit & 7), width - read)
        value += ((packed[bit >> 3]! >> (bit & 7)) & ((1 << some) - 1)) * 2 ** read
        read += some
        bit += some
      }
      found[done++] = value
    }
  }
  return found
}

const maxBlock = 2 ** 16

/** `count` numbers as differences in packed blocks (DELTA_BINARY_PACKED). @throws DamagedFile */
export function delta(cursor: Cursor, count: number): number[] {
  const zigzag = () => {
    const value = takeVarint(cursor)
    return (value >> 1n) ^ -(value & 1n)
  }
  const [block, parts, total] = [Number(takeVarint(cursor)), Number(takeVarint(cursor)), Number(takeVarint(cursor))]
  let value = zigzag()
  const each = block / parts
  if (!(block >= 8 && block <= maxBlock && parts >= 1 && Number.isInteger(each / 8)) || total !== count)
    throw new DamagedFile('a page of differences is damaged')
  const found: number[] = count > 0 ? [Number(value)] : []
  while (found.length < count) {
    const least = zigzag()
    const widths = take(cursor, parts)
    for (let part = 0; part < parts && found.length < count; part++) {
      const width = widths[part]!
      if (width > 64) throw new DamagedFile('a page of differences is damaged')
      const packed = take(cursor, Math.min((each * width) / 8, cursor.bytes.length - cursor.at))
      for (let i = 0; i < each && found.length < count; i++) {
        value = BigInt.asIntN(64, value + least + bitsAt(packed, i * width, width))
        found.push(Number(value))
      }
    }
  }
  return found
}

function bitsAt(packed: Uint8Array, from: number, width: number): bigint {
  if (from + width > packed.length * 8) throw new DamagedFile('a page ends early')
  let value = 0n
  for (let read = 0; read < width;) {
    const bit = from + read
    const some = Math.min(8 - (bit & 7), width - read)
    value |= BigInt((packed[bit >> 3]! >> (bit & 7)) & ((1 << some) - 1)) << BigInt(read)
    read += some
  }
  return value
}

/** Lengths as differences, then all bytes (DELTA_LENGTH_BYTE_ARRAY). @throws DamagedFile */
export function deltaLengths(cursor: Cursor, count: number): Uint8Array[] {
  return delta(cursor, count).map((length) => take(cursor, length))
}

/**
 * Each value is the beginning of the one before and an end of its own (DELTA_BYTE_ARRAY).
 *
 * @param spend takes the bytes that this makes.
 * @throws DamagedFile
 */
export function deltaPrefixes(cursor: Cursor, count: number, spend: (bytes: number) => void): Uint8Array[] {
  const prefixes = delta(cursor, count)
  let before = new Uint8Array()
  return deltaLengths(cursor, count).map((end, i) => {
    const prefix = prefixes[i]!
    if (!(prefix >= 0 && prefix <= before.length))
      throw new DamagedFile('a value begins with more than the one before it has')
    spend(prefix + end.length)
    const value = new Uint8Array(prefix + end.length)
    value.set(before.subarray(0, prefix))
    value.set(end, prefix)
    return (before = value)
  })
}
