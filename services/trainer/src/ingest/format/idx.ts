import { DamagedFile } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'

export interface IdxArray {
  shape: number[]
  file: OpenFile
  /** Of the first element, an unsigned byte. */
  offset: number
}

/**
 * Reads the header of an idx file of unsigned bytes: 0, 0, 8, the number of dimensions, and each as a big-endian number
 * (LeCun's MNIST page).
 *
 * @throws DamagedFile
 */
export async function readIdx(file: OpenFile): Promise<IdxArray> {
  const magic = await file.read(0, 4)
  const [zero, zeros, type, dimensions] = magic
  if (zero !== 0 || zeros !== 0 || type !== 8) throw new DamagedFile('it is no idx file of unsigned bytes')
  const offset = 4 + 4 * dimensions!
  const head = Buffer.from(await file.read(4, 4 * dimensions!))
  const shape = Array.from({ length: dimensions! }, (_, i) => head.readUInt32BE(4 * i))
  if (shape.includes(0)) throw new DamagedFile(`its shape is ${shape.join(' x ')}: nothing is in it`)
  const bytes = shape.reduce((product, side) => product * side, 1)
  if (file.bytes - offset !== bytes)
    throw new DamagedFile(`${shape.join(' x ')} bytes are ${bytes}; ${file.bytes - offset} follow the header`)
  return { shape, file, offset }
}
