import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Picture } from '@imclr/contract'
import {
  decodePicture,
  drawText,
  encodePng,
  jpegRoundTrip,
  measurePicture,
  scalePixels,
} from '@imclr/trainer/image/testing'
import { requirePart } from '../../support/parts.js'
import { python } from '../../support/python.js'
import { decodePicture as decodeInSdk } from '../../../sdk/src/models/decodePicture.js'
import { noise, pngOf } from '../ingest/uploads.js'

const height = 24
const width = 40
const same: Picture = { height, width, fit: 'crop', kernel: 'lanczos3' }
const rgb = noise(1, height * width * 3)
/** Soft colours, for what is lossy or resampled. */
const soft = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
  const [y, x] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width]
  return 127 + 90 * Math.sin(x / 6 + (i % 3)) * Math.cos(y / 8)
})
const image = (bytes: Uint8Array, channels: 1 | 2 | 3 | 4 = 3) => sharp(bytes, { raw: { height, width, channels } })
const pixel = (pixels: Uint8Array, y: number, x: number, columns = width) => [
  ...pixels.subarray((y * columns + x) * 3, (y * columns + x) * 3 + 3),
]

describe('decoding', () => {
  it('gives PNG pixels of the target size as they are', async () => {
    const file = pngOf(rgb, { height, width })
    expect(await decodePicture(file, same)).toEqual(rgb)
    for (const fit of ['crop', 'letterbox', 'stretch'] as const)
      expect(await decodePicture(file, { ...same, fit })).toEqual(rgb)
    expect(await measurePicture(file)).toEqual({ height, width, format: 'png', plain: 'rgb', hasMore: false })
  })

  it('repeats gray, of 8 bits and of 16', async () => {
    const gray = noise(2, height * width)
    const repeated = Uint8Array.from({ length: gray.length * 3 }, (_, i) => gray[Math.floor(i / 3)]!)
    expect(await decodePicture(pngOf(gray, { height, width, channels: 1 }), same)).toEqual(repeated)
    const deep = Uint16Array.from(gray, (value) => value * 257)
    const file = await sharp(deep, { raw: { height, width, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    expect((await sharp(file).metadata()).depth).toBe('ushort')
    expect(await decodePicture(file, same)).toEqual(repeated)
  })

  it('lays alpha over black', async () => {
    const rgba = Uint8Array.from(
      { length: height * width * 4 },
      (_, i) => [200, 100, 50, [0, 128, 255][Math.floor(i / 4) % 3]!][i % 4]!,
    )
    const pixels = await decodePicture(await image(rgba, 4).png().toBuffer(), same)
    expect([0, 1, 2].map((x) => pixel(pixels, 0, x))).toEqual([
      [0, 0, 0],
      [100, 50, 25],
      [200, 100, 50],
    ])
  })

  it('reads palettes, WebP and the first frame of a GIF', async () => {
    const flat = Uint8Array.from({ length: rgb.length }, (_, i) => [10, 250, 70][(Math.floor(i / 3) + (i % 3)) % 3]!)
    expect(await decodePicture(await image(flat).png({ palette: true }).toBuffer(), same)).toEqual(flat)
    expect(await decodePicture(await image(flat).webp({ lossless: true }).toBuffer(), same)).toEqual(flat)
    const second = Uint8Array.from(flat, (value) => 255 - value)
    const frames = sharp(Buffer.concat([flat, second]), {
      raw: { height: 2 * height, width, channels: 3, pageHeight: height },
    })
    const gif = await frames.gif({ dither: 0, colours: 8 }).toBuffer()
    expect((await sharp(gif).metadata()).pages).toBe(2)
    expect(await decodePicture(gif, same)).toEqual(flat)
  })

  it('turns as EXIF says, for all eight orientations', async () => {
    // A mark in the corner that EXIF calls the 0th row and 0th column; where it goes by the specification (row, column
    // of the upright picture).
    const marked = new Uint8Array(height * width * 3)
    for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) marked.set([255, 255, 255], (y * width + x) * 3)
    const corners: Record<number, ['top' | 'bottom', 'left' | 'right']> = {
      1: ['top', 'left'],
      2: ['top', 'right'],
      3: ['bottom', 'right'],
      4: ['bottom', 'left'],
      5: ['top', 'left'],
      6: ['top', 'right'],
      7: ['bottom', 'right'],
      8: ['bottom', 'left'],
    }
    for (const [orientation, [vertical, horizontal]] of Object.entries(corners)) {
      const file = await image(marked)
        .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
        .withMetadata({ orientation: Number(orientation) })
        .toBuffer()
      const turned = Number(orientation) > 4
      const target = { ...same, height: turned ? width : height, width: turned ? height : width }
      expect(await measurePicture(file)).toMatchObject({ height: target.height, width: target.width, plain: null })
      const pixels = await decodePicture(file, target)
      const lit = (y: number, x: number) => pixel(pixels, y, x, target.width)[0]! > 200
      const found = { top: lit(2, 2) || lit(2, target.width - 3), left: lit(2, 2) || lit(target.height - 3, 2) }
      expect([orientation, found.top ? 'top' : 'bottom', found.left ? 'left' : 'right']).toEqual([
        orientation,
        vertical,
        horizontal,
      ])
    }
  })

  it('brings CMYK to RGB', async () => {
    const red = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i % 3 === 0 ? 230 : 20))
    const file = await image(red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    expect((await sharp(file).metadata()).space).toBe('cmyk')
    const [r, g, b] = pixel(await decodePicture(file, same), 10, 10) as [number, number, number]
    expect(r).toBeGreaterThan(180)
    expect(Math.max(g, b)).toBeLessThan(80)
  })

  it('crops the centre, letterboxes on black, stretches', async () => {
    // Left third red, middle green, right blue; 48 x 16.
    const bands = Uint8Array.from({ length: 16 * 48 * 3 }, (_, i) =>
      Math.floor((Math.floor(i / 3) % 48) / 16) === i % 3 ? 255 : 0,
    )
    const file = pngOf(bands, { height: 16, width: 48 })
    const at = async (fit: Picture['fit'], y: number, x: number) =>
      pixel(await decodePicture(file, { height: 48, width: 48, fit, kernel: 'lanczos3' }), y, x, 48)
    expect([await at('crop', 24, 6), await at('crop', 24, 42)]).toEqual([
      [0, 255, 0],
      [0, 255, 0],
    ])
    expect([
      await at('letterbox', 15, 24),
      await at('letterbox', 17, 24),
      await at('letterbox', 31, 4),
      await at('letterbox', 32, 4),
    ]).toEqual([
      [0, 0, 0],
      [0, 255, 0],
      [255, 0, 0],
      [0, 0, 0],
    ])
    expect([await at('stretch', 0, 4), await at('stretch', 47, 44)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ])
  })

  it('refuses other formats, damage, and more pixels than it takes', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="24"/>')
    for (const file of [svg, Buffer.from('nothing'), new Uint8Array()])
      await expect(measurePicture(file)).rejects.toThrow()
    const png = pngOf(rgb, { height, width })
    await expect(decodePicture(png.subarray(0, png.length - 400), same)).rejects.toThrow()
    const jpeg = await image(soft).jpeg().toBuffer()
    await expect(decodePicture(jpeg.subarray(0, jpeg.length / 2), same)).rejects.toThrow()
  })
})

describe('a picture at prediction', () => {
  const rough = (h: number, w: number) => {
    const dots = noise(6, h * w * 3)
    return Uint8Array.from(
      dots,
      (dot, i) =>
        110 +
        70 * Math.sin((Math.floor(i / 3) % w) / (w / 9) + (i % 3)) * Math.cos(Math.floor(i / 3 / w) / (h / 7)) +
        dot / 6,
    )
  }
  const kinds: [string, (picture: Sharp) => Sharp][] = [
    ['PNG', (picture) => picture.png()],
    ['PNG of 16 bits', (picture) => picture.toColourspace('rgb16').png()],
    ['gray PNG', (picture) => picture.grayscale().png()],
    ['PNG with alpha', (picture) => picture.ensureAlpha(0.4).png()],
    ['WebP', (picture) => picture.webp()],
    ['JPEG', (picture) => picture.jpeg()],
    ['gray JPEG', (picture) => picture.grayscale().jpeg()],
    ['JPEG turned by EXIF', (picture) => picture.jpeg().withMetadata({ orientation: 6 })],
    ['JPEG with a profile', (picture) => picture.withIccProfile('p3').jpeg()],
    ['CMYK JPEG', (picture) => picture.toColourspace('cmyk').jpeg()],
    ['TIFF', (picture) => picture.tiff()],
    ['TIFF of 16 bits', (picture) => picture.toColourspace('rgb16').tiff()],
    ['turned TIFF', (picture) => picture.tiff().withMetadata({ orientation: 6 })],
    ['AVIF of 10 bits', (picture) => picture.avif({ bitdepth: 10, effort: 0 })],
  ]
  it.each(kinds)('is the same by the SDK as by preparing: %s', async (_, encode) => {
    for (const [h, w] of [
      [450, 600],
      [150, 100],
      [32, 32],
      [20, 24],
    ] as const) {
      const file = await encode(sharp(rough(h, w), { raw: { height: h, width: w, channels: 3 } })).toBuffer()
      for (const fit of ['crop', 'letterbox', 'stretch'] as const) {
        const target: Picture = { height: 32, width: 32, fit, kernel: 'lanczos3' }
        const [ours, theirs] = [await decodePicture(file, target), await decodeInSdk(file, target)]
        expect(ours).toHaveLength(32 * 32 * 3)
        expect([h, w, fit, Buffer.compare(ours, theirs)]).toEqual([h, w, fit, 0])
      }
    }
  })
})

describe('encoding', () => {
  it('writes PNG that reads as it was, and JPEG that is near', async () => {
    expect(await decodePicture(await encodePng({ bytes: rgb, height, width }), same)).toEqual(rgb)
    const difference = async (quality: number) =>
      (await jpegRoundTrip({ bytes: soft, height, width }, quality)).reduce(
        (sum, value, i) => sum + Math.abs(value - soft[i]!),
        0,
      ) / soft.length
    expect(await difference(95)).toBeLessThan(3)
    expect(await difference(10)).toBeGreaterThan(await difference(60))
  })

  it('draws text in white where there is a font, markup and all', async () => {
    const drawn = await drawText('<b>Fish & chips</b>')
    expect(drawn === null || drawn.bytes.some((value) => value > 128)).toBe(true)
    expect(await drawText(' ')).toBeNull()
  })
})

describe.skipIf(!requirePart('python'))('against Pillow', () => {
  const files = async () => {
    const rgba = noise(5, height * width * 4)
    return {
      rgb: pngOf(rgb, { height, width }),
      gray: pngOf(noise(3, height * width), { height, width, channels: 1 }),
      'gray of 16 bits': await sharp(
        Uint16Array.from(noise(4, height * width), (value) => value * 257),
        { raw: { height, width, channels: 1 } },
      )
        .toColourspace('grey16')
        .png()
        .toBuffer(),
      alpha: await image(rgba, 4).png().toBuffer(),
      palette: await image(soft).png({ palette: true, colours: 16 }).toBuffer(),
      webp: await image(soft).webp({ quality: 80 }).toBuffer(),
      jpeg: await image(soft).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(),
      'turned jpeg': await image(soft)
        .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
        .withMetadata({ orientation: 6 })
        .toBuffer(),
    }
  }
  /**
   * Largest difference in levels that is not ours to remove: rounding of alpha, and of colours in JPEG and WebP
   * decoders.
   */
  const tolerance: Record<string, number> = { alpha: 1, webp: 1, jpeg: 2, 'turned jpeg': 2 }

  it('decodes to the same pixels', async () => {
    const named = Object.entries(await files())
    const { arrays } = python(
      'pictures.py',
      null,
      named.map(([, data]) => ({ data: new Uint8Array(data), shape: [data.length] })),
    )
    for (const [i, [name, file]] of named.entries()) {
      const [h, w] = arrays[i]!.shape as [number, number]
      const pixels = await decodePicture(file, { ...same, height: h, width: w })
      const largest = pixels.reduce((max, value, at) => Math.max(max, Math.abs(value - arrays[i]!.data[at]!)), 0)
      expect([name, largest <= (tolerance[name] ?? 0), largest]).toEqual([name, true, largest])
    }
  })

  it('decodes what Pillow writes in every mode, alone and scaled', async () => {
    const { value: names, arrays: saved } = python<string[]>('pictures.py', 'write', [
      { data: soft, shape: [height, width, 3] },
    ])
    const { arrays } = python('pictures.py', null, saved)
    for (const [i, name] of names.entries()) {
      const file = saved[i]!.data as Uint8Array
      const pixels = await decodePicture(file, same)
      const differences = pixels.map((value, at) => Math.abs(value - arrays[i]!.data[at]!))
      const [largest, mean] = [
        Math.max(...differences),
        differences.reduce((sum, value) => sum + value, 0) / pixels.length,
      ]
      // Pillow subtracts inks where libvips asks what a press would print: near, and certainly no negative.
      const fits = name === 'cmyk' ? mean < 20 : largest <= (/alpha/.test(name) ? 1 : /jpeg/.test(name) ? 2 : 0)
      expect([name, fits, largest, mean]).toEqual([name, true, largest, mean])
      expect(await decodePicture(file, { ...same, height: 12, width: 20 })).toHaveLength(720)
    }
  })

  it.each([[{ height: 12, width: 20 }], [{ height: 16, width: 16 }], [{ height: 64, width: 64 }]])(
    'scales like its Lanczos-3, to %o',
    async (size) => {
      for (const fit of ['crop', 'stretch', 'letterbox'] as const) {
        const { arrays } = python('pictures.py', { ...size, fit }, [
          { data: new Uint8Array(pngOf(soft, { height, width })), shape: [pngOf(soft, { height, width }).length] },
        ])
        const pixels = await scalePixels({ bytes: soft, height, width }, { ...size, fit, kernel: 'lanczos3' })
        const largest = pixels.reduce((max, value, i) => Math.max(max, Math.abs(value - arrays[0]!.data[i]!)), 0)
        // Down: both sides have one scale here, in Pillow the longer one is fitted to its rounded length. Up: a quarter
        // of a pixel, 4 levels. A whole pixel's shift would be 15.
        const tolerated = size.height > height ? 7 : 4
        expect([fit, largest <= tolerated, largest]).toEqual([fit, true, largest])
      }
    },
  )
})
