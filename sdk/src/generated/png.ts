// Written by "npm run generate" from services/trainer/src/image/format/png.ts.
/**
 * Reads the chunks of a PNG before its pixels (PNG specification, 3rd edition, section 5): libvips does not tell what
 * is in them, or unpacks them in vain.
 */

const signature = '89504e470d0a1a0a'

const isPng = (file: Uint8Array): boolean => Buffer.from(file.subarray(0, 8)).toString('hex') === signature

/** Names, offsets and ends of whole chunks, up to where the file ends or a chunk claims more than it has. */
function* chunksOf(content: Buffer): Generator<{ name: string; at: number; end: number }> {
  for (let at = 8; at + 12 <= content.length;) {
    const end = at + 12 + content.readUInt32BE(at)
    if (end > content.length) return
    yield { name: content.toString('latin1', at + 4, at + 8), at, end }
    at = end
  }
}

const bufferOf = (file: Uint8Array): Buffer => Buffer.from(file.buffer, file.byteOffset, file.length)

/** Whether frames follow the first picture (APNG): they are announced before its pixels. */
export function isAnimatedPng(file: Uint8Array): boolean {
  for (const { name } of chunksOf(bufferOf(file))) {
    if (name === 'acTL') return true
    if (name === 'IDAT') return false
  }
  return false
}

/**
 * Texts that may be packed. A thousand of them, of 8 MB each, come out of as many kilobytes, and libpng unpacks them
 * all.
 */
const texts = new Set(['zTXt', 'iTXt'])

/** The same picture without texts that may be packed; the file itself where it has none, or is no PNG. */
export function withoutTexts(file: Uint8Array): Uint8Array {
  if (!isPng(file)) return file
  const content = bufferOf(file)
  const kept: Uint8Array[] = []
  let from = 0
  for (const { name, at, end } of chunksOf(content)) {
    if (!texts.has(name)) continue
    kept.push(content.subarray(from, at))
    from = end
  }
  return from === 0 ? file : Buffer.concat([...kept, content.subarray(from)])
}
