import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import type { Twists } from '../twists.js'

export type Entries = [path: string, content: Uint8Array][]

/**
 * Of fflate, whose zips differ from yazl's. A path that comes twice is there once, and one is cut to what a zip can
 * hold.
 */
export const zipped = (entries: Entries, level: 0 | 6 = 6): Buffer =>
  Buffer.from(
    zipSync(Object.fromEntries(entries.map(([path, content]) => [path.slice(0, 20_000), content])), {
      level,
      mtime: new Date('2001-02-03'),
    }),
  )

/** A tar in the format of POSIX.1-1988, whose numbers may be twisted. */
export function tarred(entries: Entries, twists: Twists): Buffer {
  const parts = entries.flatMap(([path, content]) => {
    const head = Buffer.alloc(512)
    head.write(twists.text(path).slice(0, 100), 0)
    head.write('0000644\0', 100)
    head.write(`${octal(twists.number(content.length), 11)} `, 124)
    head.write('00000000000 ', 136)
    head.write('        ', 148)
    head.write(twists.number(0) === 0 ? '0' : 'xgLK125'[Math.abs(twists.number(1)) % 7]!, 156)
    head.write('ustar\u000000', 257)
    const sum = head.reduce((total, byte) => total + byte, 0)
    head.write(`${octal(sum, 6)}\0 `, 148)
    return [head, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

const octal = (value: number, width: number): string =>
  Math.max(0, value).toString(8).slice(0, width).padStart(width, '0')

export const tarGzipped = (entries: Entries, twists: Twists): Buffer => gzipSync(tarred(entries, twists))
