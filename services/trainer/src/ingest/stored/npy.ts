import { headerSpan, integersOf, parseHeader, preludeBytes } from '../format/npy.js'

/** An array as numpy writes it to a file, in memory. */
export interface NpyArray {
  /** numpy's own word: '|u1', '<i8'... */
  type: string
  shape: number[]
  /** The values, as they lie in the file. */
  bytes: Uint8Array
}

/**
 * Reads a whole .npy file, its values left where they are.
 *
 * @throws Error saying what is wrong: no such file, Fortran's order, another length than its shape says
 */
export function parseNpy(file: Uint8Array): NpyArray {
  const { start, length } = headerSpan(file.subarray(0, preludeBytes))
  const offset = start + length
  if (offset > file.length) throw new Error('it is cut off within its header')
  const { type, shape, fortran } = parseHeader(file.subarray(start, offset), { offset, bytes: file.length })
  if (fortran) throw new Error("it is stored in Fortran's order; save it in C's")
  return { type, shape, bytes: file.subarray(offset) }
}

const maxLabels = 10_000_000

/** Whole numbers of any width, as labels are kept. @throws Error for other types and numbers outside 0..65535 */
export function labelsOf({ type, shape, bytes }: NpyArray): Uint16Array {
  if (!/^[|<][ui][1248]$/.test(type) || shape.length !== 1)
    throw new Error(`labels are one row of whole numbers, not ${type} of shape (${shape.join(', ')})`)
  if (shape[0]! > maxLabels) throw new Error(`it has ${shape[0]} labels, at most ${maxLabels} are read`)
  const numbers = integersOf(bytes, type)
  const strange = numbers.findIndex((number) => number < 0 || number > 65_535)
  if (strange >= 0) throw new Error(`label ${strange} is below 0 or above 65535`)
  return Uint16Array.from(numbers)
}
