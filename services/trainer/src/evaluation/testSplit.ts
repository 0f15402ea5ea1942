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

/** The images at the given places: uint8 `[rows, h, w, 3]`. */
export function gather(test: Pick<TestSplit, 'images' | 'height' | 'width'>, rows: Uint32Array): Uint8Array {
  const size = imageBytes(test)
  const out = new Uint8Array(rows.length * size)
  rows.forEach((row, i) => out.set(test.images.subarray(row * size, (row + 1) * size), i * size))
  return out
}

/** Pictures that are made and kept together have at most so many bytes; it decides the names in the cache (`generatorVersion`). */
const chunkBytes = 64 * 2 ** 20

/** Some of `count` at a time, of `bytesEach`. */
export function* chunks(count: number, bytesEach: number): Generator<{ first: number; size: number }> {
  const most = Math.max(1, Math.floor(chunkBytes / bytesEach))
  for (let first = 0; first < count; first += most) yield { first, size: Math.min(most, count - first) }
}
