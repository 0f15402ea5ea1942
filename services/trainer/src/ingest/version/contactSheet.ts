import type { Note } from '@imclr/contract'
import { drawText, encodePng, scalePixels } from '../../image/codec.js'
import type { Decoded } from '../decode/decoded.js'
import { captionOf } from './caption.js'
import { paste } from './paste.js'

const cell = 64
const gap = 4
const columns = 10
const maxRows = 50
const nameWidth = 150

export interface ContactSheet {
  classes: readonly string[]
  /** Training images in shard order, as places in `decoded`. */
  train: Uint32Array
  labelOf: (index: number) => number
  decoded: Decoded
  /** Written below. */
  notes: readonly Note[]
}

/**
 * A row for each class (50 at most): its name, where the machine has a font to write it with, and its first 10 training
 * images; below, what was done with the upload without being asked.
 *
 * @returns a PNG
 */
export async function contactSheet({ classes, train, labelOf, decoded, notes }: ContactSheet): Promise<Uint8Array> {
  const rows = Math.min(maxRows, classes.length)
  const members: number[][] = Array.from({ length: rows }, () => [])
  for (const index of train) {
    const row = members[labelOf(index)]
    if (row !== undefined && row.length < columns) row.push(index)
  }
  const hidden = classes.length - rows
  const width = nameWidth + (cell + gap) * columns
  const caption = await captionOf(notes, width - 2 * gap)
  const below = gap + (cell + gap) * rows + (hidden > 0 ? 24 : 0)
  const height = below + caption.reduce((sum, block) => sum + block.height + gap, 0)
  const sheet = { bytes: new Uint8Array(height * width * 3), height, width }
  for (const [row, indices] of members.entries()) {
    const top = gap + row * (cell + gap)
    const name = await drawText(classes[row]!)
    if (name !== null)
      paste(sheet, name, {
        top: top + Math.max(0, Math.floor((cell - name.height) / 2)),
        left: gap,
        maxWidth: nameWidth - 2 * gap,
      })
    const { height, width } = decoded.size
    const pictures = await Promise.all(
      indices.map(async (index) => {
        const bytes = decoded.pixels(Uint32Array.of(index))
        return scalePixels(
          { bytes, height, width },
          { height: cell, width: cell, fit: 'letterbox', kernel: 'lanczos3' },
        )
      }),
    )
    pictures.forEach((bytes, column) =>
      paste(
        sheet,
        { bytes, height: cell, width: cell },
        { top, left: nameWidth + column * (cell + gap), maxWidth: cell },
      ),
    )
  }
  const more = hidden > 0 ? await drawText(`and ${hidden} more classes`) : null
  if (more !== null) paste(sheet, more, { top: below - 20, left: gap, maxWidth: width - 2 * gap })
  let top = below
  for (const block of caption) {
    paste(sheet, block, { top, left: gap, maxWidth: width - 2 * gap })
    top += block.height + gap
  }
  return encodePng(sheet)
}
