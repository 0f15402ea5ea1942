/** Rows and columns of a thumbnail: nine columns give eight differences each row, 64 in all. */
export const thumbnailRows = 8
export const thumbnailColumns = 9
export const thumbnailBytes = thumbnailRows * thumbnailColumns

/** Mean luma of 8 x 9 fields: uint8 `[h, w, 3]`, each side of 8 pixels or more → uint8 `[8, 9]`, into `out`. */
export function thumbnail(
  picture: Uint8Array,
  { height, width }: { height: number; width: number },
  out: Uint8Array,
): void {
  for (let row = 0; row < thumbnailRows; row++) {
    const top = Math.floor((row * height) / thumbnailRows)
    const bottom = Math.floor(((row + 1) * height) / thumbnailRows)
    for (let column = 0; column < thumbnailColumns; column++) {
      const left = Math.floor((column * width) / thumbnailColumns)
      const right = Math.max(left + 1, Math.floor(((column + 1) * width) / thumbnailColumns))
      let sum = 0
      for (let y = top; y < bottom; y++) {
        for (let at = (y * width + left) * 3, end = (y * width + right) * 3; at < end; at += 3) {
          sum += 77 * picture[at]! + 150 * picture[at + 1]! + 29 * picture[at + 2]!
        }
      }
      out[row * thumbnailColumns + column] = Math.floor(sum / (256 * (bottom - top) * (right - left)))
    }
  }
}
