import type { Picture } from '../generated/api.js'
import { decodeBmp, isBmp, readBmpHeader } from '../generated/bmp.js'
import { withoutTexts } from '../generated/png.js'
import { tiffMistake } from '../generated/tiff.js'
import { BadInputError, localError } from '../errors.js'

/**
 * Decodes a picture to a model's input, by the rule that prepared its data set: turned by EXIF, RGB on black, scaled by
 * Lanczos-3 and fitted by `fit`. Returns uint8 `[height, width, 3]`. Needs the optional package `sharp`.
 *
 * @throws BadInputError `UNREADABLE_IMAGE`
 */
export async function decodePicture(
  image: string | URL | Uint8Array,
  { height, width, fit, kernel }: Picture,
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const shapes = { crop: 'cover', letterbox: 'contain', stretch: 'fill' } as const
  const file =
    image instanceof Uint8Array
      ? image
      : await (await import('node:fs/promises')).readFile(image).catch((cause: unknown) => {
          throw new BadInputError(
            localError(
              'UNREADABLE_IMAGE',
              `The image cannot be read: ${(cause as Error).message}`,
              'Give the path of a file that exists, or its bytes.',
            ),
            { cause },
          )
        })
  try {
    const mistake = tiffMistake(file)
    if (mistake !== null) throw new Error(mistake)
    const upright = isBmp(file)
      ? sharp(decodeBmp(file), { raw: { ...readBmpHeader(file), channels: 3 } })
      : sharp(withoutTexts(file), { failOn: 'error' }).autoOrient().flatten({ background: '#000' })
    // The same steps as in preparing: a JPEG is halved while decoding only if twice the target's size remains for
    // Lanczos, and a picture of the target's size is not resampled.
    const pixels = await upright
      .resize({
        width,
        height,
        fit: shapes[fit],
        position: 'centre',
        kernel,
        background: '#000',
        fastShrinkOnLoad: false,
      })
      .toColourspace('srgb')
      .raw()
      .toBuffer()
    if (pixels.length !== height * width * 3)
      throw new Error(`it has ${pixels.length / (height * width)} channels after the conversion to RGB`)
    return pixels
  } catch (cause) {
    throw new BadInputError(
      localError(
        'UNREADABLE_IMAGE',
        `The image cannot be read: ${(cause as Error).message}`,
        'Give a complete JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF.',
      ),
      { cause },
    )
  }
}
