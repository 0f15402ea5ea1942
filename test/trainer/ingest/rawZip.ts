import { crc32, deflateRawSync } from 'node:zlib'

/** An entry as it is to stand in a zip file, byte by byte (APPNOTE.TXT of PKWARE, 4.3). */
export interface RawZipEntry {
  name: string | Buffer
  content?: Uint8Array
  /** 0x800: the name is UTF-8; 0x8 (sizes behind the data) is set by `descriptor`. */
  flags?: number
  /** 0: stored, 8: deflate. */
  method?: 0 | 8
  /** System << 8 | version: 3 is Unix, 0 is DOS. */
  madeBy?: number
  attributes?: number
  extra?: Buffer
  /** Sizes and checksum stand behind the data, and zeros in the local header. */
  descriptor?: boolean
}

export interface Claims {
  /** What the record at the end says of the number of entries. */
  count?: (count: number) => number
  /** Bytes in front of the archive, which its offsets do not count. */
  before?: Uint8Array
  /** Bytes behind it. */
  behind?: Uint8Array
}

export function rawZip(
  entries: readonly RawZipEntry[],
  { count = (n) => n & 0xffff, before = new Uint8Array(), behind = new Uint8Array() }: Claims = {},
): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const {
    name,
    content = new Uint8Array(),
    flags = 0,
    method = 0,
    madeBy = 0x0014,
    attributes = 0,
    extra = Buffer.alloc(0),
    descriptor = false,
  } of entries) {
    const nameBytes = Buffer.from(name as string)
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content)
    const allFlags = flags | (descriptor ? 0x8 : 0)
    const sizes = [crc32(content), packed.length, content.length]
    const local = Buffer.concat([
      numbers('HHHHH', [20, allFlags, method, 0, 0]),
      numbers('III', descriptor ? [0, 0, 0] : sizes),
      numbers('HH', [nameBytes.length, extra.length]),
      nameBytes,
      extra,
    ])
    const behindData = descriptor
      ? Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), numbers('III', sizes)])
      : Buffer.alloc(0)
    locals.push(Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), local, packed, behindData]))
    centrals.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02', 'latin1'),
        numbers('HHHHHH', [madeBy, 20, allFlags, method, 0, 0]),
        numbers('III', sizes),
        numbers('HHHHH', [nameBytes.length, extra.length, 0, 0, 0]),
        numbers('II', [attributes, offset]),
        nameBytes,
        extra,
      ]),
    )
    offset += locals.at(-1)!.length
  }
  const central = Buffer.concat(centrals)
  const end = Buffer.concat([
    Buffer.from('PK\x05\x06', 'latin1'),
    numbers('HHHHIIH', [0, 0, count(entries.length), count(entries.length), central.length, offset, 0]),
  ])
  return Buffer.concat([before, ...locals, central, end, behind])
}

/** Little-endian numbers of two (H), four (I) or eight (Q) bytes. */
export function numbers(format: string, values: readonly number[]): Buffer {
  const widths = [...format].map((size) => ({ H: 2, I: 4, Q: 8 })[size]!)
  const bytes = Buffer.alloc(widths.reduce((sum, width) => sum + width, 0))
  let at = 0
  for (const [index, width] of widths.entries()) {
    const value = values[index]!
    bytes.writeUIntLE(value % 2 ** 32, at, Math.min(4, width))
    if (width === 8) bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
    at += width
  }
  return bytes
}
