import { DamagedFile } from '../../archive/archive.js'

/** A value of Thrift's compact protocol; 64-bit numbers beyond 2^53 are rounded. */
export type ThriftValue = boolean | number | Uint8Array | ThriftValue[] | ThriftStruct
/** By the numbers of its fields. */
export type ThriftStruct = Map<number, ThriftValue>

export interface ThriftLimits {
  /** Fields and list elements, at all depths together. */
  maxValues: number
  /** Structs and lists within each other. */
  maxDepth: number
}

/**
 * Reads one struct of Thrift's compact protocol (Apache Thrift, "Thrift Compact protocol encoding") at `offset`. The
 * length that a list claims is not believed: its items are read one by one.
 * @returns the struct and where it ends
 * @throws DamagedFile where it is none, or holds more than the limits say
 */
export function readStruct(
  bytes: Uint8Array,
  offset: number,
  { maxValues, maxDepth }: ThriftLimits,
): { struct: ThriftStruct; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = offset
  let values = 0
  const byte = (): number => (at < bytes.length ? bytes[at++]! : ended())
  const varint = (): number => {
    let result = 0
    for (let power = 0; power < 70; power += 7) {
      const next = byte()
      result += (next & 0x7f) * 2 ** power
      if (next < 0x80) return result
    }
    throw new DamagedFile(`a number at byte ${at} of its description does not end`)
  }
  const zigzag = (): number => {
    const value = varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  const count = (): void => {
    if (++values > maxValues)
      throw new DamagedFile(`its description has more than ${maxValues} values, the most that are read`)
  }
  const value = (type: number, depth: number): ThriftValue => {
    count()
    if (depth > maxDepth) throw new DamagedFile(`its description is nested more than ${maxDepth} deep`)
    switch (type) {
      case 1:
        return true
      case 2:
        return false
      case 3:
        return (byte() << 24) >> 24
      case 4:
      case 5:
      case 6:
        return zigzag()
      case 7: {
        if (at + 8 > bytes.length) return ended()
        at += 8
        return view.getFloat64(at - 8, true)
      }
      case 8: {
        const length = varint()
        if (length > bytes.length - at) return ended()
        return bytes.subarray(at, (at += length))
      }
      case 9:
      case 10:
        return list(depth)
      case 12:
        return struct(depth)
      default:
        throw new DamagedFile(`its description has a value of the unknown type ${type} at byte ${at}`)
    }
  }
  const list = (depth: number): ThriftValue[] => {
    const head = byte()
    const length = head >> 4 === 15 ? varint() : head >> 4
    if (length > bytes.length - at) return ended()
    const type = head & 0x0f
    const found: ThriftValue[] = []
    // A truth value in a list takes a byte, unlike one that is a field.
    for (let i = 0; i < length; i++)
      found.push(type === 1 || type === 2 ? value(3, depth + 1) === 1 : value(type, depth + 1))
    return found
  }
  const struct = (depth: number): ThriftStruct => {
    const fields: ThriftStruct = new Map()
    for (let field = 0; ;) {
      const head = byte()
      if (head === 0) return fields
      field = head >> 4 === 0 ? zigzag() : field + (head >> 4)
      fields.set(field, value(head & 0x0f, depth + 1))
    }
  }
  return { struct: struct(0), end: at }
}

function ended(): never {
  throw new DamagedFile('its description ends early')
}

/** A field that is a whole number. @throws DamagedFile where it is something else, or missing without `otherwise` */
export function numberIn(struct: ThriftStruct, field: number, otherwise?: number): number {
  const value = struct.get(field) ?? otherwise
  return typeof value === 'number' ? value : malformed(field)
}

/** A field that is a text; '' where it is missing. @throws DamagedFile */
export function textIn(struct: ThriftStruct, field: number): string {
  return textOf(struct.get(field) ?? new Uint8Array(), field)
}

/** A field that is a struct; empty where it is missing. @throws DamagedFile */
export function structIn(struct: ThriftStruct, field: number): ThriftStruct {
  const value = struct.get(field) ?? new Map<number, ThriftValue>()
  return value instanceof Map ? value : malformed(field)
}

/** A field that is a list of structs. @throws DamagedFile */
export function structsIn(struct: ThriftStruct, field: number): ThriftStruct[] {
  return listIn(struct, field).map((value) => (value instanceof Map ? value : malformed(field)))
}

/** A field that is a list of texts. @throws DamagedFile */
export const textsIn = (struct: ThriftStruct, field: number): string[] =>
  listIn(struct, field).map((value) => textOf(value, field))

function listIn(struct: ThriftStruct, field: number): ThriftValue[] {
  const value = struct.get(field) ?? []
  return Array.isArray(value) ? value : malformed(field)
}

const textOf = (value: ThriftValue, field: number): string =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
    : malformed(field)

function malformed(field: number): never {
  throw new DamagedFile(`field ${field} of a part of its description is missing or of another kind`)
}
