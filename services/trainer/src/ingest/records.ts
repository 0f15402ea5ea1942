import type { OpenFile } from './archive/archive.js'
import type { Pixels } from '../image/codec.js'

/** Pixels of the shorter side of the smallest picture that is taken. */
export const minSide = 8

/** How the samples of one picture lie: from one row, column and channel to the next, in bytes. */
export interface Grid {
  height: number
  width: number
  /** 1: gray. */
  channels: 1 | 3
  row: number
  column: number
  channel: number
}

/** Raw pictures of one size in a file, one record after another. */
export interface Records {
  file: OpenFile
  count: number
  /** Where the pixels of the first begin. */
  offset: number
  /** From the pixels of one to those of the next. */
  recordBytes: number
  grid: Grid
}

interface Size {
  height: number
  width: number
}

/** `[c, h, w]` */
export const planar = ({ height, width }: Size, channels: 1 | 3): Grid => ({
  height,
  width,
  channels,
  row: width,
  column: 1,
  channel: height * width,
})
/** `[c, w, h]`: column after column, as MATLAB has it. */
export const columnMajor = ({ height, width }: Size, channels: 1 | 3): Grid => ({
  height,
  width,
  channels,
  row: 1,
  column: height,
  channel: height * width,
})

const pictureBytes = ({ height, width, channels }: Grid): number => height * width * channels

/** Consecutive records as they lie. */
export const readRecords = (
  { file, offset, recordBytes, grid }: Records,
  { first, count }: { first: number; count: number },
  scratch?: Uint8Array,
): Promise<Uint8Array> =>
  file.read(offset + first * recordBytes, (count - 1) * recordBytes + pictureBytes(grid), scratch)

/** The samples at `at` → uint8 `[h, w, 3]`, gray repeated. */
export function toRgb(content: Uint8Array, at: number, { grid, out }: { grid: Grid; out: Uint8Array }): void {
  const { height, width, channels, row, column, channel } = grid
  const green = channels === 1 ? 0 : channel
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0, i = at + y * row; x < width; x++, i += column, o += 3) {
      out[o] = content[i]!
      out[o + 1] = content[i + green]!
      out[o + 2] = content[i + 2 * green]!
    }
  }
}

/** One record as upright RGB. */
export async function recordPixels(records: Records, record: number): Promise<Pixels> {
  const { height, width } = records.grid
  const bytes = new Uint8Array(height * width * 3)
  toRgb(await readRecords(records, { first: record, count: 1 }), 0, { grid: records.grid, out: bytes })
  return { bytes, height, width }
}
