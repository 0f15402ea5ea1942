import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodePicture, measurePicture, pictureKind, firstDirectory } from '@imclr/trainer/image/testing'
import { loadSplit } from '@imclr/trainer/input/testing'
import { decodePicture as decodeInSdk } from '../../../sdk/src/models/decodePicture.js'
import { requirePart } from '../../support/parts.js'
import { python } from '../../support/python.js'
import { failureOf, folderOf, noise, noisePng, outputPrefix, pngFile, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

const side = 24
const raw = (seed: number) => sharp(noise(seed, side * side * 3), { raw: { height: side, width: side, channels: 3 } })

interface Bmp {
  bits: number
  pixels: Buffer
  compression?: number
  palette?: Buffer
  masks?: number[]
  topDown?: boolean
  width?: number
  height?: number
  headerBytes?: number
}

/** A BMP by its specification. */
function bmpOf({
  bits,
  pixels,
  compression = 0,
  palette = Buffer.alloc(0),
  masks = [],
  topDown = false,
  width = side,
  height = side,
  headerBytes = 40,
}: Bmp): Buffer {
  const header = Buffer.alloc(14 + headerBytes)
  const maskBytes = Buffer.alloc(4 * masks.length)
  masks.forEach((mask, i) => maskBytes.writeUInt32LE(mask, 4 * i))
  const offset = header.length + maskBytes.length + palette.length
  header.write('BM', 0, 'latin1')
  header.writeUInt32LE(offset + pixels.length, 2)
  header.writeUInt32LE(offset, 10)
  header.writeUInt32LE(headerBytes, 14)
  if (headerBytes === 12) {
    header.writeUInt16LE(width, 18)
    header.writeUInt16LE(height, 20)
    header.writeUInt16LE(1, 22)
    header.writeUInt16LE(bits, 24)
  } else {
    header.writeInt32LE(width, 18)
    header.writeInt32LE(topDown ? -height : height, 22)
    header.writeUInt16LE(1, 26)
    header.writeUInt16LE(bits, 28)
    header.writeUInt32LE(compression, 30)
    header.writeUInt32LE(pixels.length, 34)
  }
  return Buffer.concat([header, maskBytes, palette, pixels])
}
const rows = (bits: number, seed: number) => Buffer.from(noise(seed, Math.ceil((side * bits) / 32) * 4 * side))
const palette = (bits: number, bytes = 4) => Buffer.from(noise(7, 2 ** bits * bytes))
/** A TIFF of nothing but a directory: its tags with their values, as long numbers. */
function tiffWith(tags: Record<number, number>, { at = 8, little = true } = {}): Buffer {
  const entries = Object.entries(tags)
  const file = Buffer.alloc(at + 2 + 12 * entries.length + 64)
  const [u16, u32] = little ? [file.writeUInt16LE, file.writeUInt32LE] : [file.writeUInt16BE, file.writeUInt32BE]
  file.write(little ? 'II*\0' : 'MM\0*', 0, 'latin1')
  u32.call(file, at, 4)
  u16.call(file, entries.length, at)
  for (const [i, [tag, value]] of entries.entries()) {
    const entry = at + 2 + 12 * i
    u16.call(file, Number(tag), entry)
    u16.call(file, 4, entry + 2)
    u32.call(file, 1, entry + 4)
    u32.call(file, value, entry + 8)
  }
  return file
}
/** Whole rows of one value: what follows the rows above. */
const rest = Array.from({ length: 21 }, (_, i) => [24, 16 * (i % 16) + (i % 3), 0, 0]).flat()
/** Run lengths of every kind: runs, literals of odd and even length, rows that end early. */
const runs8 = Buffer.from([
  5,
  9,
  0,
  3,
  1,
  2,
  3,
  0,
  0,
  4,
  7,
  8,
  9,
  10,
  12,
  200,
  0,
  0,
  21,
  33,
  0,
  0,
  24,
  1,
  0,
  0,
  ...rest,
  0,
  1,
])
const runs4 = Buffer.from([
  5,
  0x9a,
  0,
  3,
  0x12,
  0x30,
  0,
  4,
  0x78,
  0x9a,
  12,
  0xc3,
  0,
  0,
  21,
  0x21,
  0,
  0,
  24,
  0x11,
  0,
  0,
  ...rest,
  0,
  1,
])

const bmps: [name: string, file: Buffer][] = [
  ['1 bit', bmpOf({ bits: 1, pixels: rows(1, 1), palette: palette(1) })],
  ['4 bits', bmpOf({ bits: 4, pixels: rows(4, 2), palette: palette(4) })],
  ['8 bits', bmpOf({ bits: 8, pixels: rows(8, 3), palette: palette(8) })],
  ['8 bits, from the top', bmpOf({ bits: 8, pixels: rows(8, 4), palette: palette(8), topDown: true })],
  ['8 bits, runs', bmpOf({ bits: 8, pixels: runs8, palette: palette(8), compression: 1 })],
  ['4 bits, runs', bmpOf({ bits: 4, pixels: runs4, palette: palette(4), compression: 2 })],
  ['16 bits', bmpOf({ bits: 16, pixels: rows(16, 5) })],
  ['16 bits by masks', bmpOf({ bits: 16, pixels: rows(16, 6), compression: 3, masks: [0xf800, 0x7e0, 0x1f] })],
  ['24 bits', bmpOf({ bits: 24, pixels: rows(24, 7) })],
  ['24 bits, an odd width', bmpOf({ bits: 24, width: 11, height: 9, pixels: Buffer.from(noise(8, 36 * 9)) })],
  ['32 bits', bmpOf({ bits: 32, pixels: rows(32, 9) })],
  [
    '32 bits by masks',
    bmpOf({ bits: 32, pixels: rows(32, 10), compression: 3, masks: [0xff000000, 0xff0000, 0xff00] }),
  ],
  ["OS/2's header", bmpOf({ bits: 8, pixels: rows(8, 11), palette: palette(8, 3), headerBytes: 12 })],
]

describe.skipIf(!requirePart('python'))('BMP pictures', () => {
  it.each(bmps)('of %s have the pixels that Pillow gives them', async (_, file) => {
    const { height, width, format } = await measurePicture(file)
    const {
      arrays: [pixels],
    } = python('bmp.py', null, [{ data: new Uint8Array(file), shape: [file.length] }])
    expect([format, pixels!.shape]).toEqual(['bmp', [height, width, 3]])
    expect(
      Buffer.compare(
        await decodePicture(file, { height, width, fit: 'crop', kernel: 'lanczos3' }),
        pixels!.data as Uint8Array,
      ),
    ).toBe(0)
    for (const picture of [
      { height, width, fit: 'crop' },
      { height: 16, width: 8, fit: 'letterbox' },
      { height: 9, width: 30, fit: 'stretch' },
    ] as const) {
      const [trained, predicted] = [
        await decodePicture(file, { ...picture, kernel: 'lanczos3' }),
        await decodeInSdk(file, { ...picture, kernel: 'lanczos3' }),
      ]
      expect([picture, Buffer.compare(trained, predicted)]).toEqual([picture, 0])
    }
  })
})

it('a run-length coded BMP may skip pixels to the right and upwards', async () => {
  const gray = Buffer.from(Array.from({ length: 256 }, (_, i) => [i, i, i, 0]).flat())
  // 200 at the bottom left; then three to the right and two up of the place behind it, 90 twice; nothing more.
  const file = bmpOf({
    bits: 8,
    compression: 1,
    palette: gray,
    width: 8,
    height: 8,
    pixels: Buffer.from([1, 200, 0, 2, 3, 2, 2, 90, 0, 1]),
  })
  const pixels = await decodePicture(file, { height: 8, width: 8, fit: 'crop', kernel: 'lanczos3' })
  const lit = [...pixels].flatMap((value, i) =>
    i % 3 === 0 && value > 0 ? [[Math.floor(i / 24), (i / 3) % 8, value]] : [],
  )
  expect(lit).toEqual([
    [5, 4, 90],
    [5, 5, 90],
    [7, 0, 200],
  ])
})

it('BMP files of random bytes give a picture or an error quickly', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...bmps),
      fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(2000),
      async ([, file], changes, cut) => {
        const damaged = Buffer.from(file.subarray(0, Math.max(30, file.length - cut)))
        for (const [at, value] of changes) if (at >= 2 && at < damaged.length) damaged[at] = value
        const header = await measurePicture(damaged).catch((error: unknown) => error)
        if (
          header instanceof Error ||
          (header as { height: number; width: number }).height * (header as { width: number }).width > 1e6
        )
          return
        const pixels = await decodePicture(damaged, { height: 8, width: 8, fit: 'stretch', kernel: 'lanczos3' }).catch(
          (error: unknown) => error,
        )
        if (!(pixels instanceof Error)) expect((pixels as Uint8Array).length).toBe(192)
      },
    ),
    { numRuns: 300, seed: 3 },
  )
})

describe('kinds of pictures', () => {
  it('may be mixed (TIFF, BMP, AVIF and the others), and originals that browsers cannot show are kept as PNG of the same pixels', async () => {
    await using place = await workplace()
    const bmp = (seed: number) => bmpOf({ bits: 24, pixels: rows(24, seed) })
    const files: Record<string, (seed: number) => Promise<Buffer> | Buffer> = {
      tif: (seed) => raw(seed).tiff({ compression: 'lzw' }).toBuffer(),
      'tiff 16': (seed) => raw(seed).toColourspace('rgb16').tiff().toBuffer(),
      bmp: bmp,
      avif: (seed) => raw(seed).avif({ lossless: true }).toBuffer(),
      webp: (seed) => raw(seed).webp({ lossless: true }).toBuffer(),
    }
    const entries: Entries = []
    let seed = 100
    for (const [name, make] of Object.entries(files))
      for (let i = 0; i < 4; i++) entries.push([`${name}/${i}.jpg`, await make(seed++)])
    const prepared = await place.prepare(await zipOf(entries), { testFraction: 0.5, imageSize: 16 })
    expect(prepared.manifest.splits.train.count + prepared.manifest.splits.test.count).toBe(20)
    const { images } = await loadSplit({
      store: prepared.store,
      prefix: outputPrefix,
      manifest: prepared.manifest,
      split: 'test',
    })
    expect(prepared.manifest.originals).toHaveLength(8)
    for (const { path, testPosition, contentType } of prepared.manifest.originals) {
      expect(['image/png', 'image/webp']).toContain(contentType)
      const pixels = await decodePicture(await prepared.store.read(outputPrefix + path), prepared.manifest.picture)
      expect([path, Buffer.compare(pixels, images.subarray(testPosition * 768, (testPosition + 1) * 768))]).toEqual([
        path,
        0,
      ])
    }
    // Lossless: the pixels that went in.
    const { data } = await sharp(await raw(1).tiff().toBuffer())
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(
      Buffer.compare(
        Buffer.from(
          await decodePicture(await raw(1).tiff().toBuffer(), {
            height: side,
            width: side,
            fit: 'crop',
            kernel: 'lanczos3',
          }),
        ),
        data,
      ),
    ).toBe(0)
  })

  it('that cannot be read are recognised by their content alone and refused with advice', async () => {
    await using place = await workplace()
    const ftyp = (...brands: string[]) =>
      Buffer.concat([
        Buffer.from([0, 0, 0, 8 + 4 * (brands.length + 1)]),
        Buffer.from(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1'),
        Buffer.alloc(64),
      ])
    const kinds: Record<string, Buffer | string> = {
      HEIC: ftyp('heic', 'mif1', 'heic'),
      'HEIC mif1': ftyp('mif1', 'heic'),
      'RAW cr3': ftyp('crx ', 'crx '),
      'RAW cr2': Buffer.concat([Buffer.from('II*\0\x10\0\0\0CR', 'latin1'), Buffer.alloc(80)]),
      'RAW dng': tiffWith({ 254: 1, 0xc612: 1 }),
      'RAW dng behind': tiffWith({ 254: 1, 0xc612: 1 }, { at: 100_000 }),
      'RAW nef': tiffWith({ 254: 1, 271: 0, 330: 0 }),
      'RAW nef, big end': tiffWith({ 254: 1, 271: 0, 330: 0 }, { at: 50_000, little: false }),
      'RAW mosaic': tiffWith({ 256: 16, 262: 32803 }),
      'RAW raf': 'FUJIFILMCCD-RAW 0201',
      VIDEO: ftyp('isom', 'mp42'),
      PDF: '%PDF-1.7\n',
      SVG: '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
      PHOTOSHOP: '8BPS\0\x01',
      'VIDEO mov': Buffer.from('\0\0\0\x08wide\0\0\0\0mdat', 'latin1'),
      'VIDEO wmv': Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'),
      'PDF behind': '\r\n%PDF-1.4\n',
      POSTSCRIPT: '%!PS-Adobe-3.0 EPSF-3.0\n',
      NETPBM: 'P5\n3 3\n255\n',
      DICOM: Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]),
      'HEIC open': Buffer.concat([Buffer.alloc(4), Buffer.from('ftypheic\0\0\0\0mif1')]),
      'SVG prefix': '<?xml version="1.0"?><svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
      'HTML latin': Buffer.from('<!DOCTYPE html><title>Acc\xe8s refus\xe9</title>', 'latin1'),
      'HTML wide': Buffer.from('\ufeff<html><body>no</body></html>', 'utf16le'),
      'HTML bare': '<meta charset=utf-8><p>Not found',
      'TEXT latin': Buffer.from('Gr\xfc\xdfe aus M\xfcnchen', 'latin1'),
      JPEG_XL: Buffer.from('ff0a0000', 'hex'),
      JPEG_2000: Buffer.from('0000000c6a5020200d0a870a', 'hex'),
      HTML: '\n<!DOCTYPE html><html><title>429 Too Many Requests</title>',
      XML: '<?xml version="1.0"?><annotation/>',
      JSON: '{"error":"expired"}',
      'HTML latin html': Buffer.from('<html><title>Zugriff verweigert: ung\xfcltig', 'latin1'),
      'HTML wide doctype': Buffer.from('\ufeff<!DOCTYPE html><html>', 'utf16le'),
      'HTML script': '<script>location.reload()</script>',
      GIT_LFS: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n',
      TEXT: 'Grüße',
      NOT_AN_IMAGE: Buffer.from('00ff00ff00ff00fe', 'hex'),
    }
    const entries: Entries = [
      ...folderOf('cat', 3),
      ...folderOf('dog', 3, { seed: 20 }),
      ...Object.entries(kinds).map(([name, content]): Entries[number] => [`cat/${name}.jpg`, content]),
    ]
    const { code, issues } = await failureOf(place.prepare(await zipOf(entries)))
    expect([code, issues.map((issue) => [issue.path, issue.code])]).toEqual([
      'DATASET_INVALID',
      Object.keys(kinds)
        .map((name) => [`cat/${name}.jpg`, name.split(' ')[0]])
        .sort(),
    ])
    for (const { message, fix } of issues)
      expect([message, fix]).toEqual([expect.stringMatching(/^it is /), expect.stringMatching(/\w{4}/)])
    expect(issues.find((issue) => issue.code === 'HEIC')!.fix).toContain('Most Compatible')
  })
})

describe('doubtful pictures', () => {
  it('are noted and kept: cut off, of one colour, present twice, under two labels', async () => {
    await using place = await workplace()
    const whole = await raw(1).resize(256, 256).jpeg({ quality: 90 }).toBuffer()
    const cut = Buffer.concat([whole.subarray(0, Math.floor(whole.length * 0.6)), Buffer.from('ffd9', 'hex')])
    const turned = await sharp(whole).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const cutTurned = Buffer.concat([turned.subarray(0, Math.floor(turned.length * 0.6)), Buffer.from('ffd9', 'hex')])
    const flat = await sharp({ create: { width: 64, height: 64, channels: 3, background: { r: 200, g: 30, b: 30 } } })
      .jpeg()
      .toBuffer()
    const { manifest } = await place.prepare(
      await zipOf([
        ...folderOf('train/cat', 4),
        ...folderOf('train/dog', 4, { seed: 20 }),
        ...folderOf('test/cat', 2, { seed: 40 }),
        ...folderOf('test/dog', 2, { seed: 60 }),
        ['train/cat/cut.jpg', cut],
        ['train/cat/turned.jpg', cutTurned],
        ['train/dog/whole.jpg', whole],
        ['train/dog/flat.jpg', flat],
        ['train/cat/again.png', noisePng(0)],
        ['train/dog/cat.png', noisePng(1)],
        ['train/dog/tested.png', noisePng(40)],
        ['train/dog/broken.png', 'x'.repeat(100)],
      ]),
      { onProblem: 'skip' },
    )
    expect(Object.fromEntries(manifest.notes.map(({ code, count, examples }) => [code, [count, examples]]))).toEqual({
      TAKEN_FOR_SPLIT: [2, ['test/ is test', 'train/ is train']],
      TAKEN_FOR_DUPLICATE: [1, ['train/dog/tested.png is test/cat/000.png']],
      DUPLICATE_KEPT: [1, ['train/cat/again.png is train/cat/000.png']],
      SAME_PICTURE_TWO_LABELS: [
        2,
        ['train/cat/001.png (cat) is train/dog/cat.png (dog)', 'train/dog/tested.png (dog) is test/cat/000.png (cat)'],
      ],
      ONE_COLOUR: [1, ['train/dog/flat.jpg']],
      CUT_OFF: [2, ['train/cat/cut.jpg', 'train/cat/turned.jpg']],
      SKIPPED: [1, ['train/dog/broken.png (it is a text)']],
    })
    expect(manifest.splits.train.count).toBe(14)
  })

  it('from cameras are read if the TIFF holds the whole picture, and refused if libvips would read wrong colours', async () => {
    const tags = (more: Record<number, number>, pixelsAt: number) =>
      tiffWith({ 254: 0, 256: 16, 257: 16, 258: 8, 259: 1, 262: 1, 273: pixelsAt, 277: 1, 278: 16, 279: 256, ...more })
    const honest = (more: Record<number, number>) => Buffer.concat([tags(more, tags(more, 0).length), noise(3, 256)])
    const photo = honest({ 271: 0, 330: 0 })
    expect(pictureKind(photo)).toBe('tiff')
    const pixels = await decodePicture(photo, { height: 16, width: 16, fit: 'crop', kernel: 'lanczos3' })
    expect(pixels.filter((_, i) => i % 3 === 0)).toEqual(noise(3, 256))
    await expect(measurePicture(honest({ 262: 6 }))).rejects.toThrow('YCbCr')
    await expect(
      decodeInSdk(honest({ 262: 6 }), { height: 8, width: 8, fit: 'crop', kernel: 'lanczos3' }),
    ).rejects.toThrow('YCbCr')
  })

  it('that claim more pixels than their bytes can hold are refused by their header alone', async () => {
    await expect(
      decodePicture(
        bmpOf({ bits: 8, compression: 1, palette: palette(8), width: 9000, height: 9000, pixels: Buffer.from([0, 1]) }),
        { height: 8, width: 8, fit: 'stretch', kernel: 'lanczos3' },
      ),
    ).rejects.toThrow('its runs cannot give 9000 x 9000 pixels')
    // A directory that claims more tags than are looked at, and one that says it is its own next.
    expect(
      pictureKind(
        Buffer.concat([
          tiffWith(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [300 + i, 0]))),
          Buffer.alloc(100),
        ]),
      ),
    ).toBe('tiff')
    expect(
      firstDirectory(tiffWith(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [300 + i, 0])))).size,
    ).toBe(1024)
    for (const bytes of [0, 3, 4, 8, 12, 40])
      expect(() => pictureKind(tiffWith({ 254: 1 }).subarray(0, bytes))).not.toThrow()
  })

  it('of too many pixels are refused by their header alone, BMP included', async () => {
    await using place = await workplace()
    const huge = pngFile({ height: 60_000, width: 60_000, colour: 0 }, deflateSync(Buffer.alloc(1000)))
    const { issues } = await failureOf(
      place.prepare(
        await zipOf([
          ...folderOf('cat', 3),
          ...folderOf('dog', 3, { seed: 20 }),
          ['cat/huge.png', huge],
          [
            'cat/huge.bmp',
            bmpOf({ bits: 8, pixels: Buffer.alloc(8), width: 60_000, height: 60_000, palette: palette(8) }),
          ],
        ]),
      ),
    )
    expect(issues.map(({ code }) => code)).toEqual(['TOO_MANY_PIXELS', 'TOO_MANY_PIXELS'])
  })

  it('are recognised between the bars of a letterbox as well', async () => {
    await using place = await workplace()
    const wide = await raw(1).resize(400, 200, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer()
    const cut = Buffer.concat([wide.subarray(0, Math.floor(wide.length / 2)), Buffer.from('ffd9', 'hex')])
    const flat = await sharp({ create: { width: 40, height: 80, channels: 3, background: { r: 200, g: 30, b: 30 } } })
      .png()
      .toBuffer()
    const { manifest } = await place.prepare(
      await zipOf([
        ...folderOf('cat', 4),
        ...folderOf('dog', 4, { seed: 20 }),
        ['cat/cut.jpg', cut],
        ['cat/whole.jpg', wide],
        ['dog/flat.png', flat],
      ]),
      { fit: 'letterbox' },
    )
    expect(manifest.notes.map(({ code, examples }) => [code, examples])).toEqual([
      ['ONE_COLOUR', ['dog/flat.png']],
      ['CUT_OFF', ['cat/cut.jpg']],
    ])
  })
})

describe('files of many frames or pages', () => {
  const chunk = (name: string, content: Uint8Array) => {
    const head = Buffer.alloc(8)
    head.write(name, 0, 'latin1')
    head.writeUInt32LE(content.length, 4)
    return Buffer.concat([head, content, Buffer.alloc(content.length % 2)])
  }
  /** Two frames of sharp's own, the second of them many times. */
  const webpOf = async (frames: number) => {
    const two = sharp(noise(5, 2 * side * side * 3), {
      raw: { height: 2 * side, width: side, channels: 3, pageHeight: side },
    })
    const file = await two.webp({ effort: 0, quality: 1 }).toBuffer()
    const [first, second] = [file.indexOf('ANMF'), file.lastIndexOf('ANMF')]
    expect(second).toBeGreaterThan(first)
    return chunk(
      'RIFF',
      Buffer.concat([file.subarray(8, second), ...new Array<Buffer>(frames - 1).fill(file.subarray(second))]),
    )
  }
  /** Gray pages of 8 x 8 that share their pixels; after the last comes `next`: none, or the first again. */
  const tiffOf = (pages: number, next = 0) => {
    const tags = [
      [256, 8],
      [257, 8],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, 8],
      [277, 1],
      [278, 8],
      [279, 64],
    ] as const
    const step = 2 + 12 * tags.length + 4
    const file = Buffer.alloc(72 + pages * step, 90)
    file.write('II*\0', 0, 'latin1')
    file.writeUInt32LE(72, 4)
    for (let page = 0, at = 72; page < pages; page++, at += step) {
      file.writeUInt16LE(tags.length, at)
      tags.forEach(([tag, value], i) =>
        [
          [tag, 2],
          [4, 2],
          [1, 4],
          [value, 4],
        ].reduce((to, [number, bytes]) => file.writeUIntLE(number!, to, bytes!), at + 2 + 12 * i),
      )
      file.writeUInt32LE(page + 1 < pages ? at + step : next, at + step - 4)
    }
    return file
  }

  it('give their first picture, and are refused above 2,000 frames, because libvips would read them all', async () => {
    for (const file of [await webpOf(2000), tiffOf(2000)])
      expect((await measurePicture(file)).height).toBeGreaterThan(7)
    for (const file of [await webpOf(2001), tiffOf(2001), tiffOf(1, 72)])
      await expect(measurePicture(file)).rejects.toThrow('more than 2000 frames or pages')
  })
})
