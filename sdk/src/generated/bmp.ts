// Written by "npm run generate" from services/trainer/src/image/format/bmp.ts.
/**
 * BMP pictures (Microsoft's BITMAPFILEHEADER to BITMAPV5HEADER, OS/2's core header): palettes of 1, 4 and 8 bits, run
 * lengths of 4 and 8 bits, and colours of 16, 24 and 32 bits, with masks. libvips does not read them, and the libraries
 * that do believe what a file claims.
 */

export interface BmpHeader {
  height: number
  width: number
}

interface Layout extends BmpHeader {
  topDown: boolean
  bits: number
  compression: number
  /** Of the pixels. */
  offset: number
  /** Red, green and blue of each, for up to 8 bits. */
  palette: Uint8Array
  /** Of red, green, blue and alpha, for 16 and 32 bits; 0: there is none. */
  masks: [number, number, number, number]
}

/** Pixels up to which a picture of runs may be mostly empty. */
const unpackedFreely = 2 ** 20
const fileHeader = 14
const core = 12
const [rgb, rle8, rle4, bitFields, alphaBitFields] = [0, 1, 2, 3, 6]
/** Which compressions go with how many bits. */
const compressions: Record<number, readonly number[]> = {
  1: [rgb],
  4: [rgb, rle4],
  8: [rgb, rle8],
  16: [rgb, bitFields, alphaBitFields],
  24: [rgb],
  32: [rgb, bitFields, alphaBitFields],
}

/** Whether a file begins as a BMP does. */
export const isBmp = (file: Uint8Array): boolean =>
  file.length >= 26 &&
  file[0] === 0x42 &&
  file[1] === 0x4d &&
  [12, 40, 52, 56, 64, 108, 124].includes(bufferOf(file).readUInt32LE(fileHeader))

/** @throws Error when the header cannot be */
export function readBmpHeader(file: Uint8Array): BmpHeader {
  const { height, width } = layoutOf(bufferOf(file))
  return { height, width }
}

/** @returns uint8 `[h, w, 3]`, alpha laid over black. @throws Error when it is cut off or contradicts itself */
export function decodeBmp(file: Uint8Array): Uint8Array {
  const content = bufferOf(file)
  const layout = layoutOf(content)
  if (layout.bits <= 8)
    return paint(layout, layout.compression === rgb ? plainIndices(content, layout) : runs(content, layout))
  return colours(content, layout)
}

const bufferOf = (file: Uint8Array): Buffer => Buffer.from(file.buffer, file.byteOffset, file.length)

function layoutOf(content: Buffer): Layout {
  const size = content.length >= 26 ? content.readUInt32LE(fileHeader) : 0
  if (size < core || content.length < fileHeader + size) throw new Error('its header is cut off')
  const isCore = size === core
  const wide = isCore ? content.readUInt16LE(18) : content.readInt32LE(18)
  const tall = isCore ? content.readUInt16LE(20) : content.readInt32LE(22)
  const bits = content.readUInt16LE(isCore ? 24 : 28)
  const compression = isCore ? rgb : content.readUInt32LE(30)
  if (wide <= 0 || tall === 0 || tall === -(2 ** 31)) throw new Error(`it claims ${wide} x ${tall} pixels`)
  if (!compressions[bits]?.includes(compression))
    throw new Error(`it has ${bits} bits for a pixel, packed by method ${compression}, which is not read`)
  const topDown = tall < 0
  if (topDown && (compression === rle4 || compression === rle8)) throw new Error('its runs would go from the top down')
  const masked = compression === bitFields || compression === alphaBitFields
  const behind = fileHeader + size + (size === 40 && masked ? (compression === bitFields ? 12 : 16) : 0)
  const offset = content.readUInt32LE(10)
  if (offset < behind || offset > content.length) throw new Error('its pixels do not begin where it says')
  return {
    height: Math.abs(tall),
    width: wide,
    topDown,
    bits,
    compression,
    offset,
    palette: bits > 8 ? new Uint8Array() : paletteOf(content, { behind, offset, bits, isCore }),
    masks: masksOf(content, { size, masked, bits, compression }),
  }
}

function paletteOf(
  content: Buffer,
  { behind, offset, bits, isCore }: { behind: number; offset: number; bits: number; isCore: boolean },
): Uint8Array {
  const step = isCore ? 3 : 4
  const said = isCore ? 0 : content.readUInt32LE(46)
  const count = Math.min(said === 0 ? 2 ** bits : said, 2 ** bits, Math.floor((offset - behind) / step))
  const palette = new Uint8Array(3 * 2 ** bits)
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) palette[3 * i + c] = content[behind + step * i + 2 - c]!
  return palette
}

function masksOf(
  content: Buffer,
  { size, masked, bits, compression }: { size: number; masked: boolean; bits: number; compression: number },
): Layout['masks'] {
  if (!masked) return bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0xff00, 0xff, 0]
  if (content.length < 70) throw new Error('its masks are cut off')
  const alpha = size >= 56 || compression === alphaBitFields ? content.readUInt32LE(66) : 0
  return [content.readUInt32LE(54), content.readUInt32LE(58), content.readUInt32LE(62), alpha]
}

/** Bytes of a row, and the offset of row `y` counted from the top. */
function rowsOf(content: Buffer, { width, height, bits, topDown, offset }: Layout): (y: number) => number {
  const stride = Math.ceil((width * bits) / 32) * 4
  if (offset + stride * height > content.length)
    throw new Error(`it ends after ${content.length} bytes where ${offset + stride * height} are needed`)
  return (y) => offset + stride * (topDown ? y : height - 1 - y)
}

/** Indices in the palette: uint8 `[h, w]`. */
function plainIndices(content: Buffer, layout: Layout): Uint8Array {
  const { width, height, bits } = layout
  const rowAt = rowsOf(content, layout)
  const indices = new Uint8Array(width * height)
  const [perByte, mask] = [8 / bits, 2 ** bits - 1]
  for (let y = 0, o = 0; y < height; y++) {
    const row = rowAt(y)
    for (let x = 0; x < width; x++, o++)
      indices[o] = (content[row + Math.floor(x / perByte)]! >> (8 - bits * (1 + (x % perByte)))) & mask
  }
  return indices
}

/**
 * Run lengths: pairs of count and value; a count of 0 ends a row (0) or the picture (1), moves on (2), or says how many
 * follow as they are.
 */
function runs(content: Buffer, { width, height, compression, offset }: Layout): Uint8Array {
  // Two bytes give 255 pixels at most. Programs write every pixel; what a small file leaves out by jumps may not cost a
  // large picture's memory.
  if (width * height > unpackedFreely && width * height > 128 * (content.length - offset))
    throw new Error(`its runs cannot give ${width} x ${height} pixels`)
  const indices = new Uint8Array(width * height)
  let [at, x, y] = [offset, 0, 0] // y from the bottom
  const put = (value: number) => {
    if (x < width && y < height) indices[(height - 1 - y) * width + x] = value
    x++
  }
  const nibbles = compression === rle4
  const take = (): number => {
    if (at >= content.length) throw new Error('its pixels end early')
    return content[at++]!
  }
  while (y < height) {
    const [count, value] = [take(), take()]
    if (count > 0) for (let i = 0; i < count; i++) put(nibbles ? (i % 2 === 0 ? value >> 4 : value & 15) : value)
    else if (value === 0) [x, y] = [0, y + 1]
    else if (value === 1) break
    else if (value === 2) [x, y] = [x + take(), y + take()]
    else {
      const bytes = nibbles ? Math.ceil(value / 2) : value
      if (at + bytes > content.length) throw new Error('its pixels end early')
      for (let i = 0; i < value; i++)
        put(nibbles ? (i % 2 === 0 ? content[at + (i >> 1)]! >> 4 : content[at + (i >> 1)]! & 15) : content[at + i]!)
      at += bytes + (bytes % 2)
    }
  }
  return indices
}

function paint({ palette }: Layout, indices: Uint8Array): Uint8Array {
  const out = new Uint8Array(indices.length * 3)
  for (let i = 0, o = 0; i < indices.length; i++, o += 3) {
    const from = 3 * indices[i]!
    out[o] = palette[from]!
    out[o + 1] = palette[from + 1]!
    out[o + 2] = palette[from + 2]!
  }
  return out
}

function colours(content: Buffer, layout: Layout): Uint8Array {
  const { width, height, bits, masks } = layout
  const rowAt = rowsOf(content, layout)
  const out = new Uint8Array(width * height * 3)
  const [red, green, blue, alpha] = masks.map(channelOf) as [Channel, Channel, Channel, Channel]
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0, at = rowAt(y); x < width; x++, o += 3, at += bits / 8) {
      if (bits === 24) {
        out[o] = content[at + 2]!
        out[o + 1] = content[at + 1]!
        out[o + 2] = content[at]!
        continue
      }
      const pixel = bits === 16 ? content.readUInt16LE(at) : content.readUInt32LE(at)
      const opaque = masks[3] === 0 ? 255 : alpha(pixel)
      out[o] = Math.round((red(pixel) * opaque) / 255)
      out[o + 1] = Math.round((green(pixel) * opaque) / 255)
      out[o + 2] = Math.round((blue(pixel) * opaque) / 255)
    }
  }
  return out
}

type Channel = (pixel: number) => number

/** The bits of a mask, brought to 0..255 (cut, as other programs do it). */
function channelOf(mask: number): Channel {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = mask >>> shift
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most)
}
