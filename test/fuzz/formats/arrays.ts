import { deflateSync } from 'node:zlib'
import { Twists } from '../twists.js'

const le =
  (bytes: number) =>
  (value: number): Buffer => {
    const out = Buffer.alloc(bytes)
    out.writeUIntLE(modulo(value, 2 ** (8 * bytes)), 0, bytes)
    return out
  }
export const [u8, u16, u32] = [le(1), le(2), le(4)]
const modulo = (value: number, size: number): number => ((Math.trunc(value) % size) + size) % size
export const bigEndian = (value: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(modulo(value, 2 ** 32))
  return out
}

const none = new Twists()

export function idxOf(shape: readonly number[], values: Uint8Array, twists = none): Buffer {
  return Buffer.concat([
    Buffer.from([0, 0, modulo(twists.number(8), 256), modulo(twists.number(shape.length), 256)]),
    ...twists.list(shape, 4).map((side) => bigEndian(twists.number(side))),
    twists.bytes(values),
  ])
}

export function npyOf(
  {
    type,
    shape,
    values,
    fortran = false,
  }: { type: string; shape: readonly number[]; values: Uint8Array; fortran?: boolean },
  twists = none,
): Buffer {
  const sides = twists.list(shape, 4).map((side) => twists.text(String(twists.number(side))))
  const header = `{'descr': '${twists.text(type)}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sides.join(', ')}${sides.length === 1 ? ',' : ''}), }`
  const padded = Buffer.from(`${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`, 'latin1')
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from([modulo(twists.number(1), 256), 0]),
    u16(twists.number(padded.length)),
    padded,
    twists.bytes(values),
  ])
}

/** An element of a MAT-file of version 5. */
export function matElement(type: number, content: Uint8Array, twists = none): Buffer {
  const padding = Buffer.alloc(type === 15 ? 0 : (8 - (content.length % 8)) % 8)
  return Buffer.concat([u32(twists.number(type)), u32(twists.number(content.length)), content, padding])
}

export function matArray(
  { name, shape, values }: { name: string; shape: readonly number[]; values: Uint8Array },
  twists = none,
): Buffer {
  const parts = [
    matElement(6, Buffer.concat([u32(twists.number(9)), u32(0)]), twists),
    matElement(5, Buffer.concat(twists.list(shape, 4).map((side) => u32(twists.number(side)))), twists),
    matElement(1, Buffer.from(twists.text(name)), twists),
    matElement(twists.number(2), twists.bytes(values), twists),
  ]
  return matElement(14, Buffer.concat(twists.list(parts, values.length)), twists)
}

export const matCompressed = (element: Uint8Array, twists = none): Buffer =>
  matElement(15, deflateSync(element), twists)

export function matFile(elements: readonly Uint8Array[], twists = none): Buffer {
  const head = Buffer.alloc(128, ' ')
  head.write('MATLAB 5.0 MAT-file')
  head.writeUInt16LE(0x0100, 124)
  head.write('IM', 126)
  const most = elements.reduce((sum, { length }) => Math.max(sum, length), 1)
  return Buffer.concat([head, ...twists.list(elements, most)])
}

/** Bytes of numpy in a pickle. */
export interface PickledBytes {
  shape: readonly number[]
  values: Uint8Array
}
export type Pickled = string | number | Uint8Array | PickledBytes | Pickled[] | Map<string, Pickled>

/** In protocol 2, as Python 2 wrote CIFAR's. */
export function pickleOf(value: Pickled, twists = none): Buffer {
  return Buffer.concat([
    Buffer.from([0x80, modulo(twists.number(2), 256)]),
    ...pickled(value, twists),
    Buffer.from('.'),
  ])
}

function pickled(value: Pickled, twists: Twists): Buffer[] {
  const code = (opcode: string, ...rest: Uint8Array[]): Buffer =>
    Buffer.concat([Buffer.from(opcode, 'latin1'), ...rest])
  const bytes = (content: Uint8Array): Buffer =>
    content.length < 256
      ? code('U', Buffer.from([modulo(twists.number(content.length), 256)]), content)
      : code('T', u32(twists.number(content.length)), content)
  if (typeof value === 'number') return [code('J', u32(twists.number(value)))]
  if (typeof value === 'string')
    return [
      bytes(Buffer.from(twists.text(value).slice(0, 255), 'latin1')),
      code('q', Buffer.from([modulo(twists.number(1), 256)])),
    ]
  if (value instanceof Uint8Array) return [bytes(twists.bytes(value))]
  if (value instanceof Map)
    return [
      code('}'),
      code('('),
      ...twists.list([...value], 16).flatMap(([key, inner]) => [...pickled(key, twists), ...pickled(inner, twists)]),
      code('u'),
    ]
  if (Array.isArray(value))
    return [code(']'), code('('), ...twists.list(value, 16).flatMap((inner) => pickled(inner, twists)), code('e')]
  const dtype = [
    code('cnumpy\ndtype\n'),
    ...pickled('u1', twists),
    code('K', Buffer.from([0])),
    code('K', Buffer.from([1])),
    code('\x87'),
    code('R'),
  ]
  const sides = [
    code('('),
    ...twists.list(value.shape, 5).map((side) => code('J', u32(twists.number(side)))),
    code('t'),
  ]
  return [
    code('cnumpy.core.multiarray\n_reconstruct\n'),
    code('cnumpy\nndarray\n'),
    code('K', Buffer.from([0])),
    code('\x85'),
    ...pickled('b', twists),
    code('\x87'),
    code('R'),
    code('('),
    code('K', Buffer.from([1])),
    ...sides,
    ...dtype,
    code('\x89'),
    bytes(twists.bytes(value.values)),
    code('t'),
    code('b'),
  ]
}
