import { crc32, deflateSync } from 'node:zlib'

/** A PNG written by hand, by its specification. @param samples `[height, width, channels]` */
export function pngOf(
  samples: Uint8Array,
  { height, width, channels = 3, level = 1 }: { height: number; width: number; channels?: 1 | 3; level?: number },
): Buffer {
  const rows = Buffer.alloc(height * (1 + width * channels))
  for (let y = 0; y < height; y++)
    rows.set(samples.subarray(y * width * channels, (y + 1) * width * channels), y * (1 + width * channels) + 1)
  return pngFile({ height, width, colour: channels === 3 ? 2 : 0 }, deflateSync(rows, { level }))
}

/** A chunk under its checksum. */
export function pngChunk(type: string, body: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}

/** Header, one data chunk and end. @param colour 0: gray, 2: RGB */
export function pngFile(
  { height, width, colour }: { height: number; width: number; colour: number },
  data: Uint8Array,
): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colour, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', new Uint8Array()),
  ])
}

/** Noise that differs with `seed`: uint8 `[count]`. */
export function noise(seed: number, count: number): Uint8Array {
  let state = (seed + 1) * 2_654_435_761
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}
