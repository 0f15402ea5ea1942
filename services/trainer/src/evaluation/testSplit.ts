/** Labelled images in memory. */
export interface TestSplit {
  /** uint8 `[count, height, width, 3]` */
  images: Uint8Array
  labels: Uint16Array
  height: number
  width: number
  classes: readonly string[]
  versionId: string
}

export const imageBytes = ({ height, width }: Pick<TestSplit, 'height' | 'width'>): number => height * width * 3

/** The images at the given positions: uint8 `[rows, h, w, 3]`. */
export function gather(test: Pick<TestSplit, 'images' | 'height' | 'width'>, rows: Uint32Array): Uint8Array {
  const size = imageBytes(test)
  const out = new Uint8Array(rows.length * size)
  rows.forEach((row, i) => out.set(test.images.subarray(row * size, (row + 1) * size), i * size))
  return out
}

/**
 * Largest number of bytes in pictures that are made and kept together. It decides the names in the cache, so a change
 * must raise `generatorVersion`.
 */
const chunkBytes = 64 * 2 ** 20

/** Splits `count` items of `bytesEach` bytes into chunks. */
export function* chunks(count: number, bytesEach: number): Generator<{ first: number; size: number }> {
  const most = Math.max(1, Math.floor(chunkBytes / bytesEach))
  for (let first = 0; first < count; first += most) yield { first, size: Math.min(most, count - first) }
}
