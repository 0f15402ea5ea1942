import type { PrepareOptions } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import type { PictureFiles } from '../archive/archive.js'
import { maxPixels, measurePicture } from '../../image/codec.js'
import type { PictureHeader } from '../../image/codec.js'
import { pictureFormats } from '../../image/pictureKind.js'
import type { Item } from '../layout/detectedLayout.js'
import type { Problems } from '../problems.js'
import { minSide } from '../records.js'
import { severalAtOnce } from './severalAtOnce.js'
import { whatItIs } from './whatItIs.js'

const maxSide = 65_535
const maxPictureBytes = 64 * 2 ** 20

const plains = [null, 'gray', 'rgb'] as const
/** A flag beside the number of the format and 8 times that of the plain kind: the file has several frames or pages. */
const several = 32

/** Headers of all pictures, 5 bytes each. */
export class Headers {
  readonly #heights: Uint16Array
  readonly #widths: Uint16Array
  readonly #kinds: Uint8Array

  constructor(readonly count: number) {
    this.#heights = new Uint16Array(count)
    this.#widths = new Uint16Array(count)
    this.#kinds = new Uint8Array(count)
  }

  set(index: number, { height, width, format, plain, hasMore }: PictureHeader): void {
    this.#heights[index] = height
    this.#widths[index] = width
    this.#kinds[index] = pictureFormats.indexOf(format) + 8 * plains.indexOf(plain) + (hasMore ? several : 0)
  }

  *[Symbol.iterator](): Generator<PictureHeader | null> {
    for (let index = 0; index < this.count; index++) yield this.get(index)
  }

  /** Null for a picture that cannot be used. */
  get(index: number): PictureHeader | null {
    const height = this.#heights[index]!
    if (height === 0) return null
    const kind = this.#kinds[index]!
    return {
      height,
      width: this.#widths[index]!,
      format: pictureFormats[kind % 8]!,
      plain: plains[(kind % several) >> 3]!,
      hasMore: kind >= several,
    }
  }
}

export interface MeasureItems {
  files: PictureFiles
  items: readonly Item[]
  problems: Problems
  signal: AbortSignal
  onDone: () => void
}

/** Reads every file once and keeps the headers of pictures. A file that is no picture becomes a problem. */
export async function measureItems({ files, items, problems, signal, onDone }: MeasureItems): Promise<Headers> {
  const headers = new Headers(items.length)
  const weight = (index: number) => 1 + Math.floor(files.files[items[index]!.file]!.bytes / 2 ** 24)
  await severalAtOnce({ count: items.length, capacity: 8, weight, signal }, async (index) => {
    const { path, file } = items[index]!
    const complain = (code: string, message: string, fix: string) =>
      problems.add(code === 'NESTED_ARCHIVE' ? 'unsafe' : 'file', { path, code, message, fix })
    const { bytes } = files.files[file]!
    onDone()
    if (bytes === 0) return complain('EMPTY_FILE', 'it is empty', 'Remove it, or put the picture in its place.')
    if (bytes > maxPictureBytes)
      return complain(
        'FILE_TOO_LARGE',
        `it has ${bytes} bytes, at most ${maxPictureBytes} are taken`,
        'Scale the picture down.',
      )
    let content: Uint8Array
    try {
      content = await files.read(file)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      return complain('DAMAGED', error.message, 'Pack it again.')
    }
    const picture = whatItIs(content)
    if (typeof picture !== 'string') return complain(picture.code, picture.message, picture.fix)
    let header: PictureHeader
    try {
      header = await measurePicture(content)
    } catch (error) {
      return complain('IMAGE_UNREADABLE', `it cannot be read (${said(error)})`, 'Save the picture again.')
    }
    const { height, width } = header
    if (height * width > maxPixels || height > maxSide || width > maxSide)
      return complain(
        'TOO_MANY_PIXELS',
        `it has ${width} x ${height} pixels, at most ${maxPixels} are taken`,
        'Scale the picture down.',
      )
    if (height < minSide || width < minSide)
      return complain(
        'TOO_SMALL',
        `it has ${width} x ${height} pixels, at least ${minSide} x ${minSide} are needed`,
        'Remove it, or take a larger picture.',
      )
    headers.set(index, header)
  })
  return headers
}

/** The first line of what libvips says. */
export const said = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 200)

export interface Size {
  height: number
  width: number
}

/** Sides of pictures that keep their size if the user asks for none. */
const [smallestCommon, largestCommon] = [8, 96]
const otherwise: Size = { height: 64, width: 64 }

/** The size asked for; else the size that all pictures share, if its sides are of 8 to 96 pixels; else 64 x 64. */
export function chooseSize(imageSize: PrepareOptions['imageSize'], sizes: Iterable<Size | null>): Size {
  if (imageSize !== null) return typeof imageSize === 'number' ? { height: imageSize, width: imageSize } : imageSize
  let common: Size | null = null
  for (const size of sizes) {
    if (size === null) continue
    common ??= size
    if (size.height !== common.height || size.width !== common.width) return otherwise
  }
  const fits =
    common !== null &&
    Math.min(common.height, common.width) >= smallestCommon &&
    Math.max(common.height, common.width) <= largestCommon
  return fits ? { height: common!.height, width: common!.width } : otherwise
}
