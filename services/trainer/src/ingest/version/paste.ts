import type { Pixels } from '../../image/codec.js'

/** Copies `part` into the sheet, cut to `maxWidth` and to the sheet. */
export function paste(
  sheet: Pixels,
  part: Pixels,
  { top, left, maxWidth }: { top: number; left: number; maxWidth: number },
): void {
  const width = Math.min(part.width, maxWidth)
  for (let y = 0; y < part.height && top + y < sheet.height; y++) {
    sheet.bytes.set(
      part.bytes.subarray(y * part.width * 3, (y * part.width + width) * 3),
      ((top + y) * sheet.width + left) * 3,
    )
  }
}
