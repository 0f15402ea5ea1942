import type { Gallery } from '@imclr/page'
import { corruptionNames, type Severity } from '@imclr/contract'
import { prepareCorruption, type JpegRoundTrip } from '../image/corruption/prepareCorruption.js'
import type { RgbImage } from '../image/corruption/imageCorruption.js'
import { oneOfSomeClasses } from '../ingest/version/oneOfSomeClasses.js'
import type { TestSplit } from './testSplit.js'

export interface GalleryOptions {
  test: TestSplit
  seed: number
  jpeg: JpegRoundTrip
  encodePng: (image: RgbImage) => Promise<Uint8Array>
}

/** Longest side of a picture in the gallery, in pixels. Larger pictures are shrunk by a whole factor. */
const largest = 112

/**
 * Shows a few test images of different classes under every corruption at severities 1, 3 and 5, with their own noise.
 */
export async function makeGallery({ test, seed, jpeg, encodePng }: GalleryOptions): Promise<Gallery> {
  const { height, width } = test
  const severities: Severity[] = [1, 3, 5]
  const rows = oneOfSomeClasses(test.labels, Math.max(height, width) <= 48 ? 4 : 3)
  const size = height * width * 3
  const images = new Uint8Array(rows.length * size)
  rows.forEach((row, i) => images.set(test.images.subarray(row * size, (row + 1) * size), i * size))
  const factor = Math.ceil(Math.max(height, width) / largest)
  const encode = async (pictures: Uint8Array) => {
    const png = await encodePng(sideBySide(pictures, { count: rows.length, height, width, factor }))
    return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
  }
  const corrupted: Gallery['rows'] = []
  for (const name of corruptionNames) {
    const strips: string[] = []
    for (const severity of severities) {
      const apply = prepareCorruption({ height, width, name, severity, seed, jpeg })
      strips.push(await encode(await apply({ images, count: rows.length, indices: rows })))
    }
    corrupted.push({ corruption: name, strips })
  }
  const strip = stripSize({ count: rows.length, height, width, factor })
  return {
    classes: rows.map((row) => test.classes[test.labels[row]!]!),
    strip,
    severities,
    clean: await encode(images),
    rows: corrupted,
  }
}

interface Strip {
  count: number
  height: number
  width: number
  factor: number
}

/** Pixels between two pictures. */
const gap = 2

function stripSize({ count, height, width, factor }: Strip) {
  return { height: Math.floor(height / factor), width: count * Math.floor(width / factor) + (count - 1) * gap }
}

/** Puts pictures `[count, h, w, 3]` in a row on mid grey. Shrinks each by a whole factor (mean of the pixels). */
function sideBySide(images: Uint8Array, strip: Strip): RgbImage {
  const { count, height, width, factor } = strip
  const small = { height: Math.floor(height / factor), width: Math.floor(width / factor) }
  const whole = stripSize(strip)
  const bytes = new Uint8Array(whole.height * whole.width * 3).fill(128)
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < small.height; y++) {
      for (let x = 0; x < small.width * 3; x++) {
        const column = Math.floor(x / 3) * factor
        let sum = 0
        for (let v = 0; v < factor; v++) {
          for (let u = 0; u < factor; u++)
            sum += images[((i * height + y * factor + v) * width + column + u) * 3 + (x % 3)]!
        }
        bytes[(y * whole.width + i * (small.width + gap)) * 3 + x] = Math.round(sum / factor ** 2)
      }
    }
  }
  return { bytes, ...whole }
}
