import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { noise } from '../../support/png.js'
import type { Twists } from '../twists.js'
import { bigEndian, u16, u32, u8 } from './arrays.js'

const side = 12
const raw = (seed: number, frames = 1) =>
  sharp(noise(seed, frames * side * side * 3), {
    raw: { height: frames * side, width: side, channels: 3, ...(frames > 1 ? { pageHeight: side } : {}) },
  })

/**
 * What sharp writes; the writers below take these apart and put them together again, each number and piece as the
 * twists have it.
 */
const honest = {
  png: await raw(1).png().toBuffer(),
  jpeg: await raw(2).withIccProfile('p3').withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  progressive: await raw(3).jpeg({ progressive: true }).toBuffer(),
  webp: await raw(4, 3).webp({ lossless: true }).toBuffer(),
  gif: await raw(5, 3).gif().toBuffer(),
  avif: await raw(6).avif({ effort: 0 }).toBuffer(),
}

/** Chunks under their checksums, with a packed text among them. */
export function pngTwisted(twists: Twists): Buffer {
  const chunks: [name: string, body: Buffer][] = [
    ['zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(5000, 65))])],
  ]
  for (let at = 8; at < honest.png.length; at += 12 + honest.png.readUInt32BE(at))
    chunks.push([
      honest.png.toString('latin1', at + 4, at + 8),
      honest.png.subarray(at + 8, at + 8 + honest.png.readUInt32BE(at)),
    ])
  chunks.splice(1, 0, ...chunks.splice(0, 1)) // behind the header
  const header = (body: Buffer) =>
    Buffer.concat([
      bigEndian(twists.number(body.readUInt32BE(0))),
      bigEndian(twists.number(body.readUInt32BE(4))),
      ...[...body.subarray(8)].map((byte) => u8(twists.number(byte))),
    ])
  return Buffer.concat([
    honest.png.subarray(0, 8),
    ...twists.list(chunks, 100).map(([name, body]) => {
      const typed = Buffer.concat([Buffer.from(name, 'latin1'), name === 'IHDR' ? header(body) : twists.bytes(body)])
      return Buffer.concat([bigEndian(twists.number(typed.length - 4)), typed, bigEndian(crc32(typed))])
    }),
  ])
}

/** Segments with their lengths; what follows the start of a scan goes on to the next marker. */
export function jpegTwisted(progressive: boolean, twists: Twists): Buffer {
  const file = progressive ? honest.progressive : honest.jpeg
  const segments: Buffer[] = []
  for (let at = 2; at < file.length;) {
    const end = file[at + 1] === 0xd9 ? at + 2 : at + 2 + file.readUInt16BE(at + 2)
    let next = end
    if (file[at + 1] === 0xda)
      while (next < file.length && !(file[next] === 0xff && file[next + 1] !== 0 && (file[next + 1]! & 0xf8) !== 0xd0))
        next++
    segments.push(file.subarray(at, next))
    at = next
  }
  return Buffer.concat([
    file.subarray(0, 2),
    ...twists
      .list(segments, 100)
      .map((segment) =>
        segment.length < 4
          ? segment
          : Buffer.concat([
              segment.subarray(0, 2),
              u16(twists.number(segment.readUInt16BE(2))).reverse(),
              twists.bytes(segment.subarray(4)),
            ]),
      ),
  ])
}

/** A file of chunks: name, little-endian length, content, a byte more where that is odd. */
export function webpTwisted(twists: Twists): Buffer {
  const chunks: Buffer[] = []
  for (let at = 12; at + 8 <= honest.webp.length;) {
    const bytes = honest.webp.readUInt32LE(at + 4)
    chunks.push(honest.webp.subarray(at, at + 8 + bytes + (bytes % 2)))
    at += 8 + bytes + (bytes % 2)
  }
  const body = Buffer.concat(
    twists
      .list(chunks, 100)
      .map((chunk) =>
        Buffer.concat([
          chunk.subarray(0, 4),
          u32(twists.number(chunk.readUInt32LE(4))),
          twists.bytes(chunk.subarray(8)),
        ]),
      ),
  )
  return Buffer.concat([Buffer.from('RIFF'), u32(twists.number(body.length + 4)), Buffer.from('WEBP'), body])
}

/** The screen's size and flags, then what sharp wrote, its blocks as they are. */
export function gifTwisted(twists: Twists): Buffer {
  const at = honest.gif.indexOf(0x2c, 13)
  const image = honest.gif.subarray(at + 1, at + 9)
  const numbers = (bytes: Buffer) =>
    [0, 2, 4, 6]
      .filter((place) => place < bytes.length - 1)
      .map((place) => u16(twists.number(bytes.readUInt16LE(place))))
  return Buffer.concat([
    honest.gif.subarray(0, 6),
    ...numbers(honest.gif.subarray(6, 10)),
    honest.gif.subarray(10, at + 1),
    ...numbers(image),
    twists.bytes(honest.gif.subarray(at + 9)),
  ])
}

/** Boxes of an ISO media file with their sizes; those that hold others are taken apart as well. */
export function avifTwisted(twists: Twists): Buffer {
  const holders: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 }
  const boxes = (content: Buffer): Buffer => {
    const found: Buffer[] = []
    for (let at = 0; at + 8 <= content.length; at += Math.max(8, content.readUInt32BE(at)))
      found.push(content.subarray(at, at + content.readUInt32BE(at)))
    return Buffer.concat(
      twists.list(found, 100).map((box) => {
        const name = box.toString('latin1', 4, 8)
        const skip = holders[name]
        const body =
          skip === undefined
            ? twists.bytes(box.subarray(8))
            : Buffer.concat([box.subarray(8, 8 + skip), boxes(box.subarray(8 + skip))])
        return Buffer.concat([bigEndian(twists.number(box.length)), box.subarray(4, 8), body])
      }),
    )
  }
  return boxes(honest.avif)
}

/** Gray in two pages that share their pixels, one strip each, with bytes enough for some channels more. */
export function tiffTwisted(twists: Twists): Buffer {
  const pixels = noise(7, 5 * side * side)
  const start = 8
  const tags: [tag: number, type: number, value: number][] = [
    [254, 4, 0],
    [256, 4, side],
    [257, 4, side],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, start],
    [277, 3, 1],
    [278, 4, side],
    [279, 4, pixels.length],
    [284, 3, 1],
    [339, 3, 1],
  ]
  const first = start + pixels.length
  const bytes = 2 + 12 * tags.length + 4
  const directory = (next: number) => {
    const written = twists
      .list(tags, 12)
      .map(([tag, type, value]) =>
        Buffer.concat([
          u16(twists.number(tag)),
          u16(twists.number(type)),
          u32(twists.number(1)),
          u32(twists.number(value)),
        ]),
      )
    return Buffer.concat([u16(twists.number(written.length)), ...written, u32(twists.number(next))])
  }
  return Buffer.concat([
    Buffer.from('II*\0', 'latin1'),
    u32(twists.number(first)),
    twists.bytes(pixels),
    directory(first + bytes),
    directory(0),
  ])
}

/** 8 bits by a palette, as they are or in runs. */
export function bmpTwisted(runs: boolean, twists: Twists): Buffer {
  const palette = Buffer.from(noise(8, 1024))
  const pixels = runs
    ? Buffer.concat([
        ...Array.from({ length: side }, (_, y) =>
          Buffer.concat([...Array.from({ length: 3 }, (__, i) => Buffer.from([4, y * 3 + i])), Buffer.from([0, 0])]),
        ),
        Buffer.from([0, 1]),
      ])
    : Buffer.from(noise(9, side * side))
  const offset = 14 + 40 + palette.length
  const n = (value: number, bytes: 2 | 4) => (bytes === 2 ? u16 : u32)(twists.number(value))
  return Buffer.concat([
    Buffer.from('BM'),
    n(offset + pixels.length, 4),
    u32(0),
    n(offset, 4),
    n(40, 4),
    n(side, 4),
    n(side, 4),
    n(1, 2),
    n(8, 2),
    n(runs ? 1 : 0, 4),
    n(pixels.length, 4),
    n(0, 4),
    n(0, 4),
    n(256, 4),
    n(0, 4),
    twists.bytes(palette),
    twists.bytes(pixels),
  ])
}
