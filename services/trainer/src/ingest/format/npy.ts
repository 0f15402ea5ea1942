import { DamagedFile } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'

export interface NpyHeader {
  /** Of the first element. */
  offset: number
  /** As numpy writes it: '|u1' is an unsigned byte. */
  type: string
  shape: number[]
  fortran: boolean
}

export interface NpyArray extends NpyHeader {
  file: OpenFile
}

/** So many bytes say how long the header is. */
export const preludeBytes = 12
const maxHeaderBytes = 65_536
const headerPattern =
  /^\{\s*'descr':\s*'([<>|=][a-zA-Z]\d+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d\s,]*)\),?\s*\}\s*$/
const maxDimensions = 8
/** More bytes than any file has, and far below 2^53. */
const maxSideDigits = 15

/** Where the header's text lies, by the first `preludeBytes` bytes. @throws DamagedFile */
export function headerSpan(prelude: Uint8Array): { start: number; length: number } {
  const head = Buffer.from(prelude.buffer, prelude.byteOffset, prelude.byteLength)
  if (head.length < preludeBytes || head.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw new DamagedFile('it is no .npy file')
  const short = head[6] === 1
  const length = short ? head.readUInt16LE(8) : head.readUInt32LE(8)
  if (length > maxHeaderBytes) throw new DamagedFile(`its header would have ${length} bytes`)
  return { start: short ? 10 : 12, length }
}

/** What the header's text says, held against the size of the file. @throws DamagedFile */
export function parseHeader(header: Uint8Array, { offset, bytes }: { offset: number; bytes: number }): NpyHeader {
  const text = Buffer.from(header).toString('latin1')
  const found = headerPattern.exec(text)
  if (!found) throw new DamagedFile(`its header is not one of a plain array: ${text.trim().slice(0, 120)}`)
  const [, type = '', order, sides = ''] = found
  const written = sides
    .split(',')
    .map((side) => side.trim())
    .filter((side) => side !== '')
  if (written.length > maxDimensions || written.some((side) => !/^\d+$/.test(side) || side.length > maxSideDigits)) {
    throw new DamagedFile(
      `its shape is (${sides.trim().slice(0, 120)}); at most ${maxDimensions} dimensions of at most ${maxSideDigits} digits are read`,
    )
  }
  const shape = written.map(Number)
  const valueBytes = Number(type.slice(2)) * (type[1] === 'U' ? 4 : 1) // texts have four bytes a character
  const expected = shape.reduce((product, side) => product * side, valueBytes)
  if (bytes - offset !== expected)
    throw new DamagedFile(
      `it has ${bytes - offset} bytes of values; ${type.slice(0, 20)} of shape (${shape.join(', ')}) has ${expected}`,
    )
  return { offset, type, shape, fortran: order === 'True' }
}

/** Reads the header of a .npy file, versions 1 to 3 (numpy's NEP 1). @throws DamagedFile */
export async function readNpy(file: OpenFile): Promise<NpyArray> {
  const { start, length } = headerSpan(await file.read(0, preludeBytes))
  return { file, ...parseHeader(await file.read(start, length), { offset: start + length, bytes: file.bytes }) }
}

/** Whole numbers of up to 8 bytes, by a type such as '<i4'; beyond 2^53 rounded. */
export function integersOf(values: Uint8Array, type: string): Float64Array {
  const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  const [big, signed, bytes] = [type[0] === '>', type[1] === 'i', Number(type.slice(2))]
  return Float64Array.from({ length: content.length / bytes }, (_, i) => {
    const at = i * bytes
    if (bytes < 8)
      return big
        ? signed
          ? content.readIntBE(at, bytes)
          : content.readUIntBE(at, bytes)
        : signed
          ? content.readIntLE(at, bytes)
          : content.readUIntLE(at, bytes)
    if (signed) return Number(big ? content.readBigInt64BE(at) : content.readBigInt64LE(at))
    return Number(big ? content.readBigUInt64BE(at) : content.readBigUInt64LE(at))
  })
}

/** Of an array of labels. */
const maxNumbers = 10_000_000

/** Whole numbers of up to 8 bytes. @throws DamagedFile where there are too many, or of another kind, or beyond 2^53 */
export async function readIntegers({ file, offset, type, shape }: NpyArray): Promise<Float64Array> {
  const count = shape.reduce((product, side) => product * side, 1)
  if (!/^[<|>][iu][1248]$/.test(type))
    throw new DamagedFile(`its numbers are of type ${type}; whole numbers are needed`)
  if (count > maxNumbers) throw new DamagedFile(`it holds ${count} numbers, at most ${maxNumbers} are read`)
  const numbers = integersOf(await file.read(offset, count * Number(type.slice(2))), type)
  const vast = numbers.find((number) => !Number.isSafeInteger(number))
  if (vast !== undefined) throw new DamagedFile(`it holds ${vast}; whole numbers of at most 2^53 are told apart`)
  return numbers
}
