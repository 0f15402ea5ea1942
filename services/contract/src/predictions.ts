/**
 * `predictions.bin`: a model's answer for every test image, so that any two models on one version can be compared image
 * by image.
 *
 * Layout, little-endian: the 8 characters `IMCLRPRD`, uint32 format version (1), uint32 length of the header, the
 * header as JSON padded with spaces to a multiple of 4 bytes, then without gaps
 *   float32 [images, classes]          probabilities on the clean images; absent where the header says `clean: false` (a stored
 *                                      set of corrupted images has none, and its `images` are those of one cell)
 *   uint32  [corruptedImages]          which images were corrupted (positions in the test split)
 *   uint16  [images]                   labels
 *   uint16  [cells, corruptedImages]   predicted class under each corruption and severity
 */
import { z } from 'zod'

const magic = 'IMCLRPRD'

const header = z.object({
  versionId: z.string(),
  classes: z.int().min(2).max(65_535),
  images: z.int().positive(),
  clean: z.boolean().default(true),
  // Ids of the test images, in order; null if an image's position in the split is its id.
  ids: z.array(z.string()).nullable(),
  corruptedImages: z.int().nonnegative(),
  /** Two corrupted sets have the same pictures if these values are equal. */
  corruption: z.object({ seed: z.int().nonnegative(), table: z.string(), frost: z.string() }).nullable(),
  cells: z.array(z.object({ corruption: z.string(), severity: z.int(), benchmark: z.boolean() })),
})

export interface Predictions {
  versionId: string
  classes: number
  images: number
  ids: string[] | null
  /** [images] */
  labels: Uint16Array
  /** [images, classes]; empty if there were no clean images */
  probabilities: Float32Array
  corruption: { seed: number; table: string; frost: string } | null
  cells: { corruption: string; severity: number; benchmark: boolean }[]
  /** [corruptedImages], positions in the test split */
  corruptedRows: Uint32Array
  /** [cells, corruptedImages] */
  corruptedClasses: Uint16Array
}

/** @throws RangeError when an array's length does not fit the other fields */
export function writePredictions(predictions: Predictions): Uint8Array {
  const { labels, probabilities, corruptedRows, corruptedClasses, ...fields } = predictions
  const head = header.parse({ ...fields, clean: probabilities.length > 0, corruptedImages: corruptedRows.length })
  const parts = [probabilities, corruptedRows, labels, corruptedClasses]
  const lengths = lengthsOf(head)
  parts.forEach((part, i) => {
    if (part.length !== lengths[i])
      throw new RangeError(`predictions: part ${i} has ${part.length} values, ${lengths[i]} expected`)
  })
  if (head.ids && head.ids.length !== head.images)
    throw new RangeError(`predictions: ${head.ids.length} ids for ${head.images} images`)
  const json = new TextEncoder().encode(JSON.stringify(head))
  const start = 16 + Math.ceil(json.length / 4) * 4
  const bytes = new Uint8Array(start + parts.reduce((sum, part) => sum + part.byteLength, 0)).fill(0x20, 16, start)
  bytes.set(new TextEncoder().encode(magic))
  const view = new DataView(bytes.buffer)
  view.setUint32(8, 1, true)
  view.setUint32(12, start - 16, true)
  bytes.set(json, 16)
  let offset = start
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset)
    offset += part.byteLength
  }
  return bytes
}

/** @throws Error when the bytes are not a complete file of this format; it names the problem */
export function readPredictions(bytes: Uint8Array): Predictions {
  const text = new TextDecoder()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 16 || text.decode(bytes.subarray(0, 8)) !== magic)
    throw new Error('not a predictions file: it does not begin with IMCLRPRD')
  if (view.getUint32(8, true) !== 1)
    throw new Error(`predictions file of format version ${view.getUint32(8, true)}; this program reads version 1`)
  const start = 16 + view.getUint32(12, true)
  if (start > bytes.length) throw new Error('predictions file is cut off within its header')
  const { corruptedImages, clean, ...head } = header.parse(JSON.parse(text.decode(bytes.subarray(16, start))))
  const [probabilityCount, rowCount, labelCount, classCount] = lengthsOf({ ...head, clean, corruptedImages })
  const expected = start + 4 * (probabilityCount + rowCount) + 2 * (labelCount + classCount)
  if (bytes.length !== expected)
    throw new Error(`predictions file has ${bytes.length} bytes, ${expected} expected: it is damaged or cut off`)
  // A copy, so that every array is aligned (a Buffer's slice is no copy).
  const body = new Uint8Array(bytes.subarray(start)).buffer
  const rowsAt = 4 * probabilityCount
  const labelsAt = rowsAt + 4 * rowCount
  return {
    ...head,
    probabilities: new Float32Array(body, 0, probabilityCount),
    corruptedRows: new Uint32Array(body, rowsAt, rowCount),
    labels: new Uint16Array(body, labelsAt, labelCount),
    corruptedClasses: new Uint16Array(body, labelsAt + 2 * labelCount, classCount),
  }
}

function lengthsOf(head: {
  images: number
  classes: number
  clean: boolean
  corruptedImages: number
  cells: unknown[]
}): [number, number, number, number] {
  return [
    head.clean ? head.images * head.classes : 0,
    head.corruptedImages,
    head.images,
    head.cells.length * head.corruptedImages,
  ]
}
