import type { Picture } from '@imclr/contract'
import type { PictureFiles } from '../archive/archive.js'
import { decodePicture } from '../../image/codec.js'
import type { Item } from '../layout/detectedLayout.js'
import type { Problems } from '../problems.js'
import type { Decoded } from './decoded.js'
import { boxOf } from './look.js'
import { said } from './measureItems.js'
import type { Headers } from './measureItems.js'
import { severalAtOnce } from './severalAtOnce.js'

export interface DecodeItems {
  files: PictureFiles
  items: readonly Item[]
  headers: Headers
  picture: Picture
  decoded: Decoded
  problems: Problems
  signal: AbortSignal
  onDone: () => void
}

/**
 * Decodes every picture that could be measured; a damaged one becomes a problem. Several at once, large ones (16
 * megapixels and more) fewer.
 */
export async function decodeItems({
  files,
  items,
  headers,
  picture,
  decoded,
  problems,
  signal,
  onDone,
}: DecodeItems): Promise<void> {
  const weight = (index: number) => {
    const header = headers.get(index)
    return header === null ? 0 : 1 + Math.floor((header.height * header.width) / 2 ** 24)
  }
  await severalAtOnce({ count: items.length, capacity: 4, weight, signal }, async (index) => {
    const { path, file } = items[index]!
    const header = headers.get(index)
    onDone()
    if (header === null) return
    const content = await files.read(file)
    let pixels: Uint8Array
    try {
      pixels = await decodePicture(content, picture, header)
    } catch (error) {
      problems.add('file', {
        path,
        code: 'IMAGE_DAMAGED',
        message: `it cannot be decoded (${said(error)})`,
        fix: 'Save the picture again.',
      })
      return
    }
    decoded.put(index, pixels, boxOf(header, picture))
  })
}
