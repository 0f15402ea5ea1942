/**
 * Only the first frame or page is read, but libvips goes through all of them: through a WebP's in time that grows with
 * their square.
 */
export const maxFrames = 2000

/**
 * Frames of a WebP or pages of a TIFF, counted to one more than `maxFrames` at most; 1 for whatever else. A ring of
 * pages counts as too many.
 */
export function framesOf(file: Uint8Array): number {
  const content = Buffer.from(file.buffer, file.byteOffset, file.length)
  const magic = content.toString('latin1', 0, 4)
  if (magic === 'RIFF') return webpFrames(content)
  const kind = {
    'II*\0': { little: true, big: false },
    'MM\0*': { little: false, big: false },
    'II+\0': { little: true, big: true },
    'MM\0+': { little: false, big: true },
  }[magic]
  return kind === undefined ? 1 : tiffPages(content, kind)
}

/** Chunks: a name of four letters, the bytes of their content, the content, and a byte more where those are odd. */
function webpFrames(content: Buffer): number {
  let frames = 0
  for (let at = 12; at + 8 <= content.length && frames <= maxFrames;) {
    if (content.toString('latin1', at, at + 4) === 'ANMF') frames++
    const bytes = content.readUInt32LE(at + 4)
    at += 8 + bytes + (bytes % 2)
  }
  return Math.max(1, frames)
}

/** Each directory ends with the offset of the next; 0: it is the last. Offsets of 8 bytes in a big TIFF. */
function tiffPages(content: Buffer, { little, big }: { little: boolean; big: boolean }): number {
  const wide = (at: number) =>
    at + 8 > content.length ? 0 : Number(little ? content.readBigUInt64LE(at) : content.readBigUInt64BE(at))
  const long = (at: number) =>
    at + 4 > content.length ? 0 : little ? content.readUInt32LE(at) : content.readUInt32BE(at)
  const short = (at: number) =>
    at + 2 > content.length ? 0 : little ? content.readUInt16LE(at) : content.readUInt16BE(at)
  let pages = 0
  for (let at = big ? wide(8) : long(4); at !== 0 && pages <= maxFrames; pages++)
    at = big ? wide(at + 8 + 20 * wide(at)) : long(at + 2 + 12 * short(at))
  return Math.max(1, pages)
}
