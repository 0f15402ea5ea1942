import { z } from 'zod'
import { DamagedFile } from '../archive/archive.js'
import type { OpenFile } from '../archive/spool.js'

export interface NpyArray {
  file: OpenFile
  /** Of the first element. */
  offset: number
  /** As numpy writes it: '|u1' is an unsigned byte. */
  type: string
  shape: number[]
  fortran: boolean
}

const maxHeaderBytes = 65_536
const headerPattern = /^\{\s*'descr':\s*'([<>|=][a-zA-Z]\d+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d\s,]*)\),?\s*\}\s*$/
const shapeOf = z.array(z.coerce.number().int().nonnegative()).max(8)

/** Reads the header of a .npy file, versions 1 to 3 (numpy's NEP 1). @throws DamagedFile */
export async function readNpy(file: OpenFile): Promise<NpyArray> {
  const head = Buffer.from(await file.read(0, 12))
  if (head.toString('latin1', 0, 6) !== '\x93NUMPY') throw new DamagedFile('it is no .npy file')
  const short = head[6] === 1
  const length = short ? head.readUInt16LE(8) : head.readUInt32LE(8)
  if (length > maxHeaderBytes) throw new DamagedFile(`its header would have ${length} bytes`)
  const start = short ? 10 : 12
  const text = Buffer.from(await file.read(start, length)).toString('latin1')
  const found = headerPattern.exec(text)
  if (!found) throw new DamagedFile(`its header is not one of a plain array: ${text.trim().slice(0, 120)}`)
  const [, type = '', order, sides = ''] = found
  const shape = shapeOf.parse(sides.split(',').map((side) => side.trim()).filter((side) => side !== ''))
  const offset = start + length
  const bytes = shape.reduce((product, side) => product * side, Number(type.slice(2)))
  if (file.bytes - offset !== bytes) throw new DamagedFile(`an array of shape (${shape.join(', ')}) and type ${type} has ${bytes} bytes; ${file.bytes - offset} follow the header`)
  return { file, offset, type, shape, fortran: order === 'True' }
}

/** Whole numbers of up to 8 bytes. @throws DamagedFile where there are too many, or of another kind */
export async function readIntegers({ file, offset, type, shape }: NpyArray): Promise<Int32Array> {
  const count = shape.reduce((product, side) => product * side, 1)
  const bytes = Number(type.slice(2))
  if (!/^[<|>][iu][1248]$/.test(type)) throw new DamagedFile(`its numbers are of type ${type}; whole numbers are needed`)
  if (count > 10_000_000) throw new DamagedFile(`it holds ${count} numbers`)
  const content = Buffer.from(await file.read(offset, count * bytes))
  const [big, signed] = [type[0] === '>', type[1] === 'i']
  return Int32Array.from({ length: count }, (_, i) => {
    const at = i * bytes
    if (bytes < 8) return big ? (signed ? content.readIntBE(at, bytes) : content.readUIntBE(at, bytes)) : signed ? content.readIntLE(at, bytes) : content.readUIntLE(at, bytes)
    return Number(big ? content.readBigInt64BE(at) : content.readBigInt64LE(at))
  })
}
