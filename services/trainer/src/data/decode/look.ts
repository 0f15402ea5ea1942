import type { Picture } from '@imclr/contract'
import type { Size } from './measureItems.js'

/** What makes somebody look twice at a picture, as bits. */
export const looks = { oneColour: 1, cutOff: 2 } as const

/** A picture is nearly one colour where no channel's standard deviation reaches this, of 255 levels. */
const flatDeviation = 3
/** libjpeg fills what is missing of a file with mid-gray, 128; scaled, it stays within this of it. */
const gray = { from: 125, to: 131 }
/** A picture is taken for cut off where so large a part of it, from one edge on, is that gray. */
const grayShare = 1 / 8

/** The part of a letterboxed picture that is not its bars: uint8 `[h, w, 3]` → the same of its own size. Other pictures as they are. */
export function withoutBars(pixels: Uint8Array, { height, width, fit }: Picture, source: Size): { pixels: Uint8Array; size: Size } {
  const scale = Math.min(height / source.height, width / source.width)
  const size = { height: Math.min(height, Math.max(1, Math.round(source.height * scale))), width: Math.min(width, Math.max(1, Math.round(source.width * scale))) }
  if (fit !== 'letterbox' || (size.height === height && size.width === width)) return { pixels, size: { height, width } }
  const [top, left] = [Math.floor((height - size.height) / 2), Math.floor((width - size.width) / 2)]
  const inner = new Uint8Array(size.height * size.width * 3)
  for (let y = 0; y < size.height; y++) inner.set(pixels.subarray(((top + y) * width + left) * 3, ((top + y) * width + left + size.width) * 3), y * size.width * 3)
  return { pixels: inner, size }
}

/** How the pixels of a picture, uint8 `[h, w, 3]`, look: some of `looks`, or 0. */
export function lookOf(pixels: Uint8Array, size: Size): number {
  if (isFlat(pixels)) return looks.oneColour
  return isCutOff(pixels, size) ? looks.cutOff : 0
}

function isFlat(pixels: Uint8Array): boolean {
  const count = pixels.length / 3
  for (let channel = 0; channel < 3; channel++) {
    let [sum, squares] = [0, 0]
    for (let i = channel; i < pixels.length; i += 3) {
      const value = pixels[i]!
      sum += value
      squares += value * value
    }
    if (squares / count - (sum / count) ** 2 >= flatDeviation ** 2) return false
  }
  return true
}

/** The part that is missing is the lower one as the file has it: once turned upright, it may lie at any edge. */
function isCutOff(pixels: Uint8Array, { height, width }: Size): boolean {
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
  return [
    linesFrom(height, width, (line, x) => isGray(height - 1 - line, x)),
    linesFrom(height, width, (line, x) => isGray(line, x)),
    linesFrom(width, height, (line, y) => isGray(y, line)),
    linesFrom(width, height, (line, y) => isGray(y, width - 1 - line)),
  ].some((share) => share >= grayShare && share < 1)
}
