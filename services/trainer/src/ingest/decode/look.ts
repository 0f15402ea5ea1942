import type { Picture } from '@imclr/contract'
import type { Size } from './measureItems.js'

/** Reasons to look twice at a picture, as bits. */
export const looks = { oneColour: 1, cutOff: 2 } as const

/** A picture is nearly one colour where no channel's standard deviation reaches this, of 255 levels. */
const flatDeviation = 3
/** libjpeg fills what is missing of a file with mid-gray, 128; scaled, it stays within this of it. */
const gray = { from: 125, to: 131 }
/**
 * A picture counts as cut off if this share of it, from one edge on, is that gray. If the opposite edge is gray too,
 * its background is gray.
 */
const grayShare = 1 / 8

/**
 * The part of a picture at its final size that shows the file: bars around it left out. Pixels, `right` and `bottom`
 * exclusive.
 */
export interface Box {
  top: number
  left: number
  bottom: number
  right: number
}

/** Where a file of a size lands. A pixel next to a bar is left out: scaling rounds, and mixes bar and picture there. */
export function boxOf(from: Size, { height, width, fit }: Picture): Box {
  if (fit !== 'letterbox') return { top: 0, left: 0, bottom: height, right: width }
  const scale = Math.min(height / from.height, width / from.width)
  const [top, bottom] = within(height, Math.round(from.height * scale))
  const [left, right] = within(width, Math.round(from.width * scale))
  return { top, left, bottom, right }
}

/** From and to of the middle `part` of `whole`, of which at least one pixel is left. */
function within(whole: number, part: number): [number, number] {
  if (part >= whole) return [0, whole]
  const from = Math.floor((whole - part) / 2)
  return part > 2 ? [from + 1, from + part - 1] : [from, from + Math.max(1, part)]
}

/** How a picture, uint8 `[h, w, 3]`, looks within the box: some of `looks`, or 0. */
export function lookOf(pixels: Uint8Array, { width }: Size, box: Box): number {
  if (isFlat(pixels, width, box)) return looks.oneColour
  return isCutOff(pixels, width, box) ? looks.cutOff : 0
}

function isFlat(pixels: Uint8Array, width: number, { top, left, bottom, right }: Box): boolean {
  const count = (bottom - top) * (right - left)
  for (let channel = 0; channel < 3; channel++) {
    let [sum, squares] = [0, 0]
    for (let y = top; y < bottom; y++) {
      for (let at = 3 * (y * width + left) + channel, end = 3 * (y * width + right); at < end; at += 3) {
        const value = pixels[at]!
        sum += value
        squares += value * value
      }
    }
    if (squares / count - (sum / count) ** 2 >= flatDeviation ** 2) return false
  }
  return true
}

/**
 * A cut file lacks its lower part; in the upright picture that part may lie at any edge. If the first row of blocks is
 * cut, the next edge is gray too, but never the opposite one.
 */
function isCutOff(pixels: Uint8Array, width: number, { top, left, bottom, right }: Box): boolean {
  const isGray = (y: number, x: number) => {
    const at = 3 * (y * width + x)
    for (let c = 0; c < 3; c++) if (pixels[at + c]! < gray.from || pixels[at + c]! > gray.to) return false
    return true
  }
  const isGrayLine = (length: number, at: (i: number) => boolean): boolean => {
    for (let i = 0; i < length; i++) if (!at(i)) return false
    return true
  }
  const linesFrom = (count: number, length: number, at: (line: number, i: number) => boolean): number => {
    let lines = 0
    while (lines < count && isGrayLine(length, (i) => at(lines, i))) lines++
    return lines / count
  }
  const [rows, columns] = [bottom - top, right - left]
  const opposite = [
    [
      linesFrom(rows, columns, (line, x) => isGray(bottom - 1 - line, left + x)),
      linesFrom(rows, columns, (line, x) => isGray(top + line, left + x)),
    ],
    [
      linesFrom(columns, rows, (line, y) => isGray(top + y, left + line)),
      linesFrom(columns, rows, (line, y) => isGray(top + y, right - 1 - line)),
    ],
  ] as const
  return (
    opposite.every(([one, other]) => one === 0 || other === 0) && opposite.flat().some((share) => share >= grayShare)
  )
}
