import { isUtf8 } from 'node:buffer'
import { isBmp } from '../format/bmp.js'

/** Pictures that are read, by what their first bytes say. */
export const pictureFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'bmp', 'avif'] as const
export type PictureFormat = (typeof pictureFormats)[number]

/** In words, for messages. */
export const readFormats = 'JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF'

/** What is no picture that is read, by its name and with the way out: as an issue has it. */
export interface NoPicture {
  code: string
  message: string
  fix: string
}

/** So many bytes are looked at, at most; a page of HTML may begin with comments, a TIFF has its tags anywhere, but cameras write them first. */
export const kindBytes = 4096

const phone = 'Save it as JPEG (on an iPhone: Settings > Camera > Formats > Most Compatible, or export the photo).'
const named = {
  heic: { code: 'HEIC', message: 'it is a HEIC photo, whose coding is patented and not read', fix: phone },
  raw: { code: 'RAW', message: "it is a camera's raw file", fix: 'Develop it: export it as JPEG or TIFF.' },
  video: { code: 'VIDEO', message: 'it is a video', fix: 'Take pictures out of it (ffmpeg -i video.mp4 -vf fps=1 %04d.jpg), or remove it.' },
  pdf: { code: 'PDF', message: 'it is a PDF document', fix: 'Save its pages as pictures (pdftoppm -png file.pdf page), or remove it.' },
  svg: { code: 'SVG', message: 'it is an SVG drawing', fix: 'Draw it as PNG at the size it is to have.' },
  psd: { code: 'PHOTOSHOP', message: 'it is a Photoshop document', fix: 'Export it as JPEG or PNG.' },
  jxl: { code: 'JPEG_XL', message: 'it is a JPEG XL picture, which is not read', fix: 'Convert it to JPEG or PNG (djxl).' },
  jp2: { code: 'JPEG_2000', message: 'it is a JPEG 2000 picture, which is not read', fix: 'Convert it to JPEG or PNG.' },
  ico: { code: 'ICON', message: 'it is an icon', fix: 'Save it as PNG, or remove it.' },
  html: { code: 'HTML', message: 'it is a web page', fix: 'A download saved a page (often one that tells of an error) in place of the picture: fetch it again, or remove it.' },
  xml: { code: 'XML', message: 'it is an XML text', fix: 'Remove it, or put the picture in its place.' },
  json: { code: 'JSON', message: 'it is a JSON text', fix: 'Remove it, or put the picture in its place.' },
  lfs: { code: 'GIT_LFS', message: 'it is a pointer of Git LFS, not the file', fix: 'Fetch the files first (git lfs pull).' },
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
  { magic: '4949550018', kind: named.raw }, // Panasonic's RW2
  { magic: '4949524f', kind: named.raw }, // Olympus' ORF
  { magic: '49495253', kind: named.raw },
  { magic: '4d4d4f52', kind: named.raw },
  { magic: '46554a4946494c4d4343442d524157', kind: named.raw }, // Fujifilm's RAF
  { magic: '464f5662', kind: named.raw }, // Sigma's X3F
]

/** What a file is that may be a picture, by its first bytes (`kindBytes` of them); names are never asked. */
export function pictureKind(file: Uint8Array): PictureFormat | NoPicture {
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, kindBytes))
  const hex = head.toString('hex', 0, 16)
  const known = magics.find(({ magic }) => hex.startsWith(magic))
  if (known !== undefined) return known.kind
  const latin = (from: number, to: number) => head.toString('latin1', from, to)
  if (latin(0, 4) === 'RIFF') return latin(8, 12) === 'WEBP' ? 'webp' : latin(8, 12) === 'AVI ' ? named.video : named.other
  if (latin(4, 8) === 'ftyp') return byBrand(head)
  if (/^(49492a00|4d4d002a|49492b00|4d4d002b)/.test(hex)) return isRaw(head) ? named.raw : 'tiff'
  if (isBmp(file)) return 'bmp'
  return asText(head) ?? named.other
}

/** ISO media files say in brands what reads them: the first is what they are, the others what they are as well. */
function byBrand(head: Buffer): PictureFormat | NoPicture {
  const end = Math.min(head.length, head.readUInt32BE(0), 256)
  const brands: string[] = []
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(head.toString('latin1', at, at + 4))
  const has = (...names: string[]) => brands.some((brand) => names.includes(brand))
  if (brands[0] === 'crx ') return named.raw
  if (has('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs')) return named.heic
  if (has('avif', 'avis')) return 'avif'
  return has('mif1', 'msf1') ? named.heic : named.video
}

/** Cameras' files that are TIFFs by their first bytes: Canon's CR2 says so; others have tags of raw data in the first directory. */
function isRaw(head: Buffer): boolean {
  if (head.toString('latin1', 8, 10) === 'CR') return true
  const little = head[0] === 0x49
  const u16 = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at))
  const u32 = (at: number) => (little ? head.readUInt32LE(at) : head.readUInt32BE(at))
  const directory = head.length >= 8 ? u32(4) : head.length
  if (directory + 2 > head.length) return false
  const tags = new Set<number>()
  for (let i = 0, at = directory + 2; i < u16(directory) && at + 12 <= head.length; i++, at += 12) tags.add(u16(at))
  const [dngVersion, make, subDirectories, isReduced] = [0xc612, 271, 330, 254]
  return tags.has(dngVersion) || (tags.has(make) && tags.has(subDirectories) && tags.has(isReduced))
}

function asText(head: Buffer): NoPicture | null {
  // A letter may be cut in two at the end of what is looked at.
  const whole = [0, 1, 2, 3].map((less) => head.subarray(0, head.length - less)).find((bytes) => isUtf8(bytes))
  if (head[0] === 0xff && head[1] === 0xfe) return marked(head.toString('utf16le', 2).trimStart())
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return null
  // Of a text in an older encoding only what its first letters, which are ASCII, say for sure.
  if (whole === undefined) return marked(head.toString('latin1').trimStart())
  if (whole.length === 0) return null
  const text = whole.toString('utf8').replace(/^\ufeff/, '').trimStart()
  if (text.startsWith('version https://git-lfs')) return named.lfs
  return marked(text) ?? (/^[[{]/.test(text) ? named.json : named.text)
}

/** Web pages, drawings and other texts that begin with a tag. */
function marked(text: string): NoPicture | null {
  const begins = text.replace(/^(<\?xml[^>]*>|<!--[\s\S]*?-->|\s)+/, '')
  if (/^<(!doctype html|(html|head|body|title|meta|script|style|center|div|h1|p)[\s>])/i.test(begins)) return named.html
  if (/^(<!doctype svg|<svg[\s>])/i.test(begins)) return named.svg
  return text.startsWith('<') ? named.xml : null
}
