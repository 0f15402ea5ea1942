/** A named array of a training's state: a weight, a moving statistic, a momentum, an average. */
export interface StateTensor {
  name: string
  shape: number[]
  values: Float32Array
}

/** All values in order, float32 little-endian, without gaps. */
export function packTensors(tensors: readonly StateTensor[]): Buffer {
  return Buffer.concat(tensors.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)))
}

/** The inverse. @throws RangeError when the bytes are not as many as the shapes say */
export function unpackTensors(bytes: Uint8Array, layout: readonly { name: string; shape: number[] }[]): StateTensor[] {
  const all = new Float32Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 4))
  let offset = 0
  const tensors = layout.map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1)
    const own = all.subarray(offset, offset + length)
    offset += length
    return { name, shape, values: own }
  })
  if (4 * offset !== bytes.length)
    throw new RangeError(`state.bin has ${bytes.length} bytes where its tensors take ${4 * offset}`)
  return tensors
}

export const allFinite = (tensors: readonly StateTensor[]): boolean =>
  tensors.every(({ values }) => values.every(Number.isFinite))
