import { title } from '@imclr/page'
import { drawText, encodePng, jpegRoundTrip, scalePixels, type Pixels } from '../../image/codec.js'
import { paste } from './paste.js'
import { corruptionNames, severities } from '@imclr/contract'
import { prepareCorruption } from '../../image/corruption/prepareCorruption.js'

export interface PreviewOptions {
  /** uint8 `[count, height, width, 3]`: a few, of different classes. */
  images: Uint8Array
  count: number
  height: number
  width: number
  /** Places of the images in the test split: each gets the noise that a report of this seed gives it. */
  rows: readonly number[]
  seed: number
}

const cell = 64
const gap = 4
const between = 14
const nameWidth = 150
const headHeight = 28

/**
 * The user's own images under every corruption (rows) at severities 1 to 5 (columns), before anything is trained: they
 * are what a robustness report will test a model on. @returns a PNG
 */
export async function previewSheet({ images, count, height, width, rows, seed }: PreviewOptions): Promise<Uint8Array> {
  const strip = count * cell + (count - 1) * gap
  const columns = severities.length + 1
  const sheet: Pixels = {
    height: headHeight + corruptionNames.length * (cell + gap),
    width: nameWidth + columns * (strip + between),
    bytes: new Uint8Array(),
  }
  sheet.bytes = new Uint8Array(sheet.height * sheet.width * 3)
  const leftOf = (column: number) => nameWidth + column * (strip + between)
  const write = async (text: string, at: { top: number; left: number; maxWidth: number }) => {
    const words = await drawText(text)
    if (words !== null) paste(sheet, words, at)
  }
  const enlargedAll = (pictures: Uint8Array) => {
    const size = height * width * 3
    return Promise.all(
      Array.from({ length: count }, (_, i) =>
        enlarged({ bytes: pictures.subarray(i * size, (i + 1) * size), height, width }),
      ),
    )
  }
  const draw = (cells: Uint8Array[], { top, left }: { top: number; left: number }) => {
    for (const [i, bytes] of cells.entries())
      paste(sheet, { bytes, height: cell, width: cell }, { top, left: left + i * (cell + gap), maxWidth: cell })
  }
  const untouched = await enlargedAll(images)
  await write('as it is', { top: 6, left: leftOf(0), maxWidth: strip })
  for (const severity of severities)
    await write(`severity ${severity}`, { top: 6, left: leftOf(severity), maxWidth: strip })
  for (const [row, name] of corruptionNames.entries()) {
    const top = headHeight + row * (cell + gap)
    await write(title(name), { top: top + (cell >> 1) - 8, left: gap, maxWidth: nameWidth - 2 * gap })
    draw(untouched, { top, left: leftOf(0) })
    for (const severity of severities) {
      const apply = prepareCorruption({ height, width, name, severity, seed, jpeg: jpegRoundTrip })
      draw(await enlargedAll(await apply({ images, count, indices: rows })), { top, left: leftOf(severity) })
    }
  }
  return encodePng(sheet)
}

/**
 * Each pixel of a small square picture becomes a square of pixels, so that one sees it unchanged. Other pictures are
 * scaled.
 */
async function enlarged(picture: Pixels): Promise<Uint8Array> {
  const { bytes, height, width } = picture
  if (height > cell || width !== height)
    return scalePixels(picture, { height: cell, width: cell, fit: 'letterbox', kernel: 'lanczos3' })
  const out = new Uint8Array(cell * cell * 3)
  for (let y = 0, p = 0; y < cell; y++) {
    const line = Math.floor((y * height) / cell) * width
    for (let x = 0; x < cell; x++, p += 3) {
      const from = (line + Math.floor((x * width) / cell)) * 3
      out[p] = bytes[from]!
      out[p + 1] = bytes[from + 1]!
      out[p + 2] = bytes[from + 2]!
    }
  }
  return out
}
