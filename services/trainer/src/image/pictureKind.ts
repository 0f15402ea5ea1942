import { isUtf8 } from 'node:buffer'
import { isBmp } from './format/bmp.js'
import { firstDirectory, isTiff, tiffTags } from './format/tiff.js'

/** Pictures that are read, by what their first bytes say. */
export const pictureFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'bmp', 'avif'] as const
export type PictureFormat = (typeof pictureFormats)[number]

/** In words, for messages. */
const readFormats = 'JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF'

/** Why a file is no picture that can be read, and what to do about it: the fields of an issue. */
export interface NoPicture {
  code: string
  message: string
  fix: string
}

/**
 * How many first bytes are looked at: a page of HTML may begin with comments. A TIFF's first directory is read as well,
 * wherever it is.
 */
export const kindBytes = 4096

const phone = 'Save it as JPEG (on an iPhone: Settings > Camera > Formats > Most Compatible, or export the photo).'
const named = {
  heic: { code: 'HEIC', message: 'it is a HEIC photo, whose coding is patented and not read', fix: phone },
  raw: { code: 'RAW', message: "it is a camera's raw file", fix: 'Develop it: export it as JPEG or TIFF.' },
  video: {
    code: 'VIDEO',
    message: 'it is a video',
    fix: 'Take pictures out of it (ffmpeg -i video.mp4 -vf fps=1 %04d.jpg), or remove it.',
  },
  avis: {
    code: 'ANIMATED_AVIF',
    message: 'it is an animated AVIF, which is not read',
    fix: 'Save one of its frames as AVIF, PNG or JPEG.',
  },
  pdf: {
    code: 'PDF',
    message: 'it is a PDF document',
    fix: 'Save its pages as pictures (pdftoppm -png file.pdf page), or remove it.',
  },
  svg: { code: 'SVG', message: 'it is an SVG drawing', fix: 'Draw it as PNG at the size it is to have.' },
  psd: { code: 'PHOTOSHOP', message: 'it is a Photoshop document', fix: 'Export it as JPEG or PNG.' },
  jxl: {
    code: 'JPEG_XL',
    message: 'it is a JPEG XL picture, which is not read',
    fix: 'Convert it to JPEG or PNG (djxl).',
  },
  jp2: {
    code: 'JPEG_2000',
    message: 'it is a JPEG 2000 picture, which is not read',
    fix: 'Convert it to JPEG or PNG.',
  },
  ico: { code: 'ICON', message: 'it is an icon', fix: 'Save it as PNG, or remove it.' },
  netpbm: { code: 'NETPBM', message: 'it is a PBM, PGM or PPM picture, which is not read', fix: 'Convert it to PNG.' },
  dicom: { code: 'DICOM', message: 'it is a DICOM file', fix: 'Export its picture as PNG.' },
  postscript: {
    code: 'POSTSCRIPT',
    message: 'it is a PostScript drawing',
    fix: 'Draw it as PNG at the size it is to have.',
  },
  html: {
    code: 'HTML',
    message: 'it is a web page',
    fix: 'A download saved a page (often one that tells of an error) in place of the picture: fetch it again, or remove it.',
  },
  xml: { code: 'XML', message: 'it is an XML text', fix: 'Remove it, or put the picture in its place.' },
  json: { code: 'JSON', message: 'it is a JSON text', fix: 'Remove it, or put the picture in its place.' },
  lfs: {
    code: 'GIT_LFS',
    message: 'it is a pointer of Git LFS, not the file',
    fix: 'Fetch the files first (git lfs pull).',
  },
  text: { code: 'TEXT', message: 'it is a text', fix: 'Remove it, or put the picture in its place.' },
  other: { code: 'NOT_AN_IMAGE', message: `it is no ${readFormats}`, fix: 'Remove it, or convert it to one of these.' },
} as const satisfies Record<string, NoPicture>

const magics: readonly { magic: string; kind: PictureFormat | NoPicture }[] = [
  { magic: 'ffd8ff', kind: 'jpeg' },
  { magic: '89504e470d0a1a0a', kind: 'png' },
  { magic: '474946383761', kind: 'gif' },
  { magic: '474946383961', kind: 'gif' },
  { magic: '25504446', kind: named.pdf },
  { magic: '38425053', kind: named.psd },
  { magic: 'ff0a', kind: named.jxl },
  { magic: '0000000c4a584c20', kind: named.jxl },
  { magic: '0000000c6a502020', kind: named.jp2 },
  { magic: 'ff4fff51', kind: named.jp2 },
  { magic: '00000100', kind: named.ico },
  { magic: '1a45dfa3', kind: named.video }, // Matroska, WebM
  { magic: '000001ba', kind: named.video }, // MPEG
  { magic: '000001b3', kind: named.video },
  { magic: '3026b2758e66cf11', kind: named.video }, // Windows Media
  { magic: '464c5601', kind: named.video }, // Flash
  { magic: '4f676753', kind: named.video }, // Ogg
  { magic: '25215053', kind: named.postscript },
  { magic: 'c5d0d3c6', kind: named.postscript },
  { magic: '4949550018', kind: named.raw }, // Panasonic's RW2
  { magic: '4949524f', kind: named.raw }, // Olympus' ORF
  { magic: '49495253', kind: named.raw },
  { magic: '4d4d4f52', kind: named.raw },
  { magic: '46554a4946494c4d4343442d524157', kind: named.raw }, // Fujifilm's RAF
  { magic: '464f5662', kind: named.raw }, // Sigma's X3F
]

/** The kind of a file that may be a picture, by its first `kindBytes` bytes. Its name is not looked at. */
export function pictureKind(file: Uint8Array): PictureFormat | NoPicture {
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, kindBytes))
  const hex = head.toString('hex', 0, 16)
  const known = magics.find(({ magic }) => hex.startsWith(magic))
  if (known !== undefined) return known.kind
  const latin = (from: number, to: number) => head.toString('latin1', from, to)
  if (latin(0, 4) === 'RIFF')
    return latin(8, 12) === 'WEBP' ? 'webp' : latin(8, 12) === 'AVI ' ? named.video : named.other
  if (latin(4, 8) === 'ftyp') return byBrand(head)
  if (isTiff(file)) return isRaw(file) ? named.raw : 'tiff'
  if (isBmp(file)) return 'bmp'
  if (/^P[1-6]\s/.test(latin(0, 3))) return named.netpbm
  if (latin(128, 132) === 'DICM') return named.dicom
  // QuickTime before it had brands
  if (['moov', 'mdat', 'wide', 'free', 'skip'].includes(latin(4, 8)) && head.readUInt32BE(0) >= 8) return named.video
  if (latin(0, 1024).includes('%PDF-')) return named.pdf
  return asText(head) ?? named.other
}

/** ISO media files say in brands what reads them: the first is what they are, the others what they are as well. */
function byBrand(head: Buffer): PictureFormat | NoPicture {
  // A size of 0 means up to the end, 1 that it follows in 8 bytes.
  const size = head.readUInt32BE(0)
  const first = size === 1 ? 16 : 8
  const end = Math.min(head.length, size > 1 ? size : 256, 256)
  const brands: string[] = []
  for (let at = first; at + 4 <= end; at += 4) if (at !== first + 4) brands.push(head.toString('latin1', at, at + 4))
  const has = (...names: string[]) => brands.some((brand) => names.includes(brand))
  if (brands[0] === 'crx ') return named.raw
  if (has('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs')) return named.heic
  if (brands[0] === 'avis') return named.avis
  if (has('avif', 'avis')) return 'avif'
  return has('mif1', 'msf1') ? named.heic : named.video
}

/**
 * Cameras' files that are TIFFs by their first bytes: by tags of raw data in the first directory, or what is in it is a
 * small picture of what lies in others.
 */
function isRaw(file: Uint8Array): boolean {
  if (file[8] === 0x43 && file[9] === 0x52) return true // Canon's CR2
  const tags = firstDirectory(file)
  const isReduced = ((tags.get(tiffTags.newSubfileType) ?? 0) & 1) === 1
  const [mosaic, linearRaw] = [32803, 34892]
  const photometric = tags.get(tiffTags.photometric)
  return (
    tags.has(tiffTags.dngVersion) ||
    photometric === mosaic ||
    photometric === linearRaw ||
    (isReduced && tags.has(tiffTags.make) && tags.has(tiffTags.subDirectories))
  )
}

function asText(head: Buffer): NoPicture | null {
  const read = textOf(head)
  if (read === null) return null
  const text = read.replace(/^\ufeff/, '').trimStart()
  if (text.startsWith('version https://git-lfs')) return named.lfs
  const begins = text.replace(/^(<\?xml[^>]*>|<!--[\s\S]*?-->|\s)+/, '')
  if (/^(<!doctype svg|<([\w-]+:)?svg[\s>])/i.test(begins)) return named.svg
  if (
    /^<(!doctype html|html|head|body|script|style|meta|title|link|div|table|center|h[1-6]|p|a|iframe|noscript|form)\b/i.test(
      begins,
    ) ||
    /^<[\s\S]*<html[\s>]/i.test(begins)
  )
    return named.html
  if (text.startsWith('<')) return named.xml
  return /^[[{]/.test(text) ? named.json : named.text
}

/**
 * The text that a file begins with: UTF-8, UTF-16 with its mark, or of one byte a letter, where most are ASCII. Null
 * where it is none.
 */
function textOf(head: Buffer): string | null {
  const mark = head.toString('hex', 0, 2)
  const even = head.subarray(0, head.length & ~1)
  if (mark === 'fffe') return even.toString('utf16le')
  if (mark === 'feff') return Buffer.from(even).swap16().toString('utf16le')
  if (head.length === 0 || head.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return null
  // A letter may be cut in two at the end of what is looked at.
  const whole = [0, 1, 2, 3]
    .map((less) => head.subarray(0, head.length - less))
    .find((bytes) => bytes.length > 0 && isUtf8(bytes))
  if (whole !== undefined) return whole.toString('utf8')
  return head.reduce((count, byte) => count + (byte >> 7), 0) * 3 < head.length ? head.toString('latin1') : null
}
