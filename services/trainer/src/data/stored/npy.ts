/** An array as numpy writes it to a file. */
export interface NpyArray {
  /** numpy's own word: '|u1', '<i8'... */
  type: string
  shape: number[]
  /** The values, as they lie in the file. */
  bytes: Uint8Array
}

const magic = '\x93NUMPY'

/**
 * Reads a .npy file (format 1 to 3), its values left where they are. After numpy.lib.format.
 *
 * @throws Error saying what is wrong: no such file, Fortran's order, another length than its shape says
 */
export function parseNpy(file: Uint8Array): NpyArray {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 12 || Buffer.from(file.subarray(0, 6)).toString('latin1') !== magic) throw new Error('it does not begin as a .npy file does')
  const wide = file[6]! > 1
  const start = wide ? 12 : 10
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true))
  if (end > file.length) throw new Error('it is cut off within its header')
  const header = Buffer.from(file.subarray(start, end)).toString('latin1')
  const type = /'descr'\s*:\s*'([^']+)'/.exec(header)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1]
  const shape = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header)?.[1]?.split(',').map((side) => side.trim()).filter((side) => side !== '').map(Number)
  if (type === undefined || order === undefined || shape === undefined) throw new Error('its header cannot be understood')
  if (order === 'True') throw new Error("it is stored in Fortran's order; save it in C's")
  const bytes = file.subarray(end)
  const expected = shape.reduce((product, side) => product * side, Number(/\d+$/.exec(type)?.[0] ?? NaN))
  if (bytes.length !== expected) throw new Error(`it has ${bytes.length} bytes of values; ${type} of shape (${shape.join(', ')}) has ${expected}`)
  return { type, shape, bytes }
}

/** Whole numbers of any width, as labels are kept. @throws Error for other types and numbers outside 0..65535 */
export function labelsOf({ type, shape, bytes }: NpyArray): Uint16Array {
  const width = Number(type.slice(2))
  if (!/^[|<][ui][1248]$/.test(type) || shape.length !== 1) throw new Error(`labels are one row of whole numbers, not ${type} of shape (${shape.join(', ')})`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const signed = type[1] === 'i'
  return Uint16Array.from({ length: shape[0]! }, (_, i) => {
    const low = width === 1 ? view.getUint8(i) : width === 2 ? view.getUint16(2 * i, true) : view.getUint32(width * i, true)
    const high = width === 8 ? view.getUint32(8 * i + 4, true) : 0
    if (high !== 0 || low > 65_535 || (signed && width === 1 && low > 127) || (signed && width === 2 && low > 32_767)) throw new Error(`label ${i} is below 0 or above 65535`)
    return low
  })
}
