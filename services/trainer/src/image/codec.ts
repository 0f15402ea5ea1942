/**
 * The one door to sharp: pictures become bytes here, and bytes pictures.
 *
 * Read are JPEG, PNG, WebP, GIF (the first frame), TIFF (the first page), AVIF, and BMP by a reader of our own; every
 * other loader of libvips is blocked for this process, SVG among them. A picture is turned as its EXIF says, brought to
 * sRGB (embedded profiles and CMYK converted, gray repeated, 16 bits cut to 8), alpha is laid over black, then scaled
 * by the rule `fit`: down with Lanczos-3; up with bicubic interpolation, what libvips takes in its place (its grid lies
 * a quarter of a pixel to the top left of Pillow's):
 *
 * - crop: the shorter side (relative to the target) fills it, the longer one, scaled and rounded, is cut to its centre;
 *   of an odd rest the larger half goes at the top or left
 * - letterbox: the whole picture, scaled and rounded, centred on black; of an odd rest the larger half is at the bottom
 *   or right
 * - stretch: both sides scaled on their own
 *
 * A picture that has the target's size is not resampled: its pixels come out as they are.
 */
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import type { Picture } from '@imclr/contract'
import { framesOf, maxFrames } from './frames.js'
import type { PictureFormat } from './pictureKind.js'
import { decodeBmp, isBmp, readBmpHeader } from './format/bmp.js'
import { isAnimatedPng, withoutTexts } from './format/png.js'
import { tiffMistake } from './format/tiff.js'

// One thread per picture, several pictures at once: that is what keeps a few cores busy with small pictures. No cache:
// no picture is read twice.
sharp.concurrency(1)
sharp.cache(false)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadTiff',
    'VipsForeignLoadHeif',
  ],
})

/** Pixels of the largest picture that is decoded; a bigger one is refused by its header alone. */
export const maxPixels = 100_000_000

export const contentTypes = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  bmp: 'image/bmp',
  avif: 'image/avif',
} as const satisfies Record<PictureFormat, string>
/** Formats that every browser and the SDK read. Others are passed on as PNG. */
export const portableFormats: readonly PictureFormat[] = ['jpeg', 'png', 'webp', 'gif']
/** Red, green, blue and alpha, or four inks and alpha. */
const maxChannels = 5

export interface PictureHeader {
  /** Pixels, after the turn that EXIF asks for. */
  height: number
  width: number
  format: PictureFormat
  /** 8-bit gray or RGB without alpha, profile or turn: the samples are the pixels, so that decoding is quicker. */
  plain: 'gray' | 'rgb' | null
  /** Pages or frames behind the first, which is the picture. */
  hasMore: boolean
}

/** RGB bytes `[height, width, 3]`. */
export interface Pixels {
  bytes: Uint8Array
  height: number
  width: number
}

/** Reads the header alone. @throws Error (libvips' words) when it cannot be read or the format is none of ours */
export async function measurePicture(file: Uint8Array): Promise<PictureHeader> {
  if (isBmp(file)) return { ...readBmpHeader(file), format: 'bmp', plain: null, hasMore: false }
  const mistake = tiffMistake(file)
  if (mistake !== null) throw new Error(mistake)
  if (framesOf(file) > maxFrames)
    throw new Error(`it has more than ${maxFrames} frames or pages, the most that are taken`)
  const {
    autoOrient,
    format: loader,
    compression,
    channels,
    depth,
    hasAlpha,
    icc,
    orientation,
    space,
    isPalette,
    pages = 1,
  } = await sharp(withoutTexts(file), { limitInputPixels: false }).metadata()
  const format = loader === 'heif' && compression === 'av1' ? 'avif' : loader
  if (!(format in contentTypes)) throw new Error(`Input is ${compression ?? format}`)
  if (channels > maxChannels) throw new Error(`it has ${channels} channels`)
  if (format === 'tiff' && depth !== 'uchar' && depth !== 'ushort')
    throw new Error(`its samples are of the type ${depth}; 8 and 16 bits are read`)
  const asStored = depth === 'uchar' && !hasAlpha && !icc && (orientation ?? 1) === 1 && !isPalette && format !== 'gif'
  const plain =
    asStored && channels === 1 && space === 'b-w'
      ? 'gray'
      : asStored && channels === 3 && space === 'srgb'
        ? 'rgb'
        : null
  return {
    height: autoOrient.height,
    width: autoOrient.width,
    format: format as PictureFormat,
    plain,
    hasMore: pages > 1 || (format === 'png' && isAnimatedPng(file)),
  }
}

/**
 * The pixels of a picture by the rule above.
 *
 * @param header what `measurePicture` said of it, where that is known already
 * @returns uint8 `[picture.height, picture.width, 3]`
 * @throws Error (libvips' words) when the file is damaged, cut off, larger than `maxPixels` or of another format
 */
export async function decodePicture(file: Uint8Array, picture: Picture, header?: PictureHeader): Promise<Uint8Array> {
  const { height, width, plain, format } = header ?? (await measurePicture(file))
  if (format === 'bmp') return scalePixels(wholeBmp(file, { height, width }), picture)
  const input = sharp(withoutTexts(file), { limitInputPixels: maxPixels, failOn: 'error' })
  const sameSize = height === picture.height && width === picture.width
  if (sameSize && plain === 'gray') return repeatGray(await rawBytes(input.toColourspace('b-w')))
  const upright = plain === null ? flattenToRgb(input) : input
  const pixels = await rawBytes((sameSize ? upright : fitTo(upright, picture)).toColourspace('srgb'))
  // libvips keeps bands beyond colour and transparency. Their bytes would run into the next picture.
  const channels = pixels.length / (picture.height * picture.width)
  if (channels !== 3) throw new Error(`it has ${channels} channels as RGB`)
  return pixels
}

function wholeBmp(file: Uint8Array, { height, width }: Pick<PictureHeader, 'height' | 'width'>): Pixels {
  if (height * width > maxPixels) throw new Error('Input image exceeds pixel limit')
  return { bytes: decodeBmp(file), height, width }
}

/** Scales RGB bytes by the same rule. @returns uint8 `[picture.height, picture.width, 3]` */
export async function scalePixels(pixels: Pixels, picture: Picture): Promise<Uint8Array> {
  if (pixels.height === picture.height && pixels.width === picture.width) return pixels.bytes
  return rawBytes(fitTo(fromPixels(pixels), picture))
}

/** By zlib's usual level: for a sheet of pictures the highest level takes seven times as long, and saves one byte in twenty. */
export async function encodePng(pixels: Pixels): Promise<Uint8Array> {
  return bytesOf(await fromPixels(pixels).png({ compressionLevel: 6, adaptiveFiltering: true }).toBuffer())
}

/** Encodes as baseline JPEG (libjpeg's 4:2:0, no mozjpeg extras) of a quality from 1 to 100, and decodes it again. */
export async function jpegRoundTrip(pixels: Pixels, quality: number): Promise<Uint8Array> {
  const jpeg = await fromPixels(pixels)
    .jpeg({ quality, chromaSubsampling: '4:2:0', mozjpeg: false, optimiseCoding: false })
    .toBuffer()
  return rawBytes(sharp(jpeg).toColourspace('srgb'))
}

/**
 * Text, white on black: a line as long as it is, or lines of at most `width` pixels; null where this machine has no
 * font to draw it with.
 */
export async function drawText(text: string, width?: number): Promise<Pixels | null> {
  if (text.trim() === '' || !(await (fonts ??= hasFonts()))) return null
  return renderText(text, width).catch(() => null)
}

let fonts: Promise<boolean> | undefined

/** Without fonts every letter is the same empty box. */
async function hasFonts(): Promise<boolean> {
  const [one, other] = await Promise.all([renderText('W'), renderText('i')])
  return one.width !== other.width || Buffer.compare(one.bytes, other.bytes) !== 0
}

async function renderText(text: string, width?: number): Promise<Pixels> {
  const escaped = text
    .replace(/\s+/g, ' ')
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!)
  const { data, info } = await sharp({
    text: {
      text: escaped,
      font: 'sans 10',
      dpi: 96,
      ...(width === undefined ? {} : { width, wrap: 'word-char' as const }),
    },
  })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { bytes: repeatGray(data), height: info.height, width: info.width }
}

const bytesOf = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

const rawBytes = async (picture: Sharp): Promise<Uint8Array> => bytesOf(await picture.raw().toBuffer())

const fromPixels = ({ bytes, height, width }: Pixels): Sharp => sharp(bytes, { raw: { height, width, channels: 3 } })

const flattenToRgb = (input: Sharp): Sharp => input.autoOrient().flatten({ background: { r: 0, g: 0, b: 0 } })

const sharpFit = { crop: 'cover', letterbox: 'contain', stretch: 'fill' } as const

function fitTo(input: Sharp, { height, width, fit, kernel }: Picture): Sharp {
  // fastShrinkOnLoad off: a JPEG is halved while decoding only where that leaves Lanczos twice the target to work on.
  return input.resize({
    width,
    height,
    fit: sharpFit[fit],
    position: 'centre',
    kernel,
    background: { r: 0, g: 0, b: 0 },
    fastShrinkOnLoad: false,
  })
}

/** `[h, w]` → `[h, w, 3]` */
function repeatGray(gray: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(gray.length * 3)
  for (let i = 0, o = 0; i < gray.length; i++, o += 3) rgb[o] = rgb[o + 1] = rgb[o + 2] = gray[i]!
  return rgb
}
