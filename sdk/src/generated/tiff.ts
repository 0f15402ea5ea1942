// Written by "npm run generate" from services/trainer/src/image/format/tiff.ts.
/** Reads the tags of a TIFF's first directory (TIFF 6.0 and BigTIFF), which libvips does not tell. */

/** So many tags are looked at: 20 KiB at most, wherever in the file they are. Honest pictures have some dozens. */
const maxTags = 1024

export const tiffTags = {
  newSubfileType: 254,
  compression: 259,
  photometric: 262,
  make: 271,
  samplesPerPixel: 277,
  subDirectories: 330,
  extraSamples: 338,
  dngVersion: 0xc612,
} as const

export const isTiff = (file: Uint8Array): boolean =>
  ['49492a00', '4d4d002a', '49492b00', '4d4d002b'].includes(Buffer.from(file.subarray(0, 4)).toString('hex'))

/**
 * Tags of the first directory, with their first value where it is a short or long number that stands beside the tag,
 * else 0. Empty where there is no directory.
 */
export function firstDirectory(file: Uint8Array): Map<number, number> {
  const content = Buffer.from(file.buffer, file.byteOffset, file.length)
  const tags = new Map<number, number>()
  const little = content[0] === 0x49
  const big = content[little ? 2 : 3] === 0x2b
  const u16 = (at: number) => (little ? content.readUInt16LE(at) : content.readUInt16BE(at))
  const u32 = (at: number) => (little ? content.readUInt32LE(at) : content.readUInt32BE(at))
  const u64 = (at: number) => Number(little ? content.readBigUInt64LE(at) : content.readBigUInt64BE(at))
  if (content.length < (big ? 16 : 8)) return tags
  const directory = big ? u64(8) : u32(4)
  const [countBytes, tagBytes, valueAt] = big ? [8, 20, 12] : [2, 12, 8]
  if (directory + countBytes > content.length) return tags
  const count = Math.min(maxTags, big ? u64(directory) : u16(directory))
  for (let i = 0, at = directory + countBytes; i < count && at + tagBytes <= content.length; i++, at += tagBytes) {
    const type = u16(at + 2)
    tags.set(u16(at), type === 3 ? u16(at + valueAt) : type === 4 ? u32(at + valueAt) : 0)
  }
  return tags
}

/**
 * Samples of a pixel that are its colour, by the photometric interpretation: gray, RGB, palette, inks, luma and chroma,
 * L*a*b*.
 */
const colours: Record<number, number> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3 }

/** What libvips would misread in a TIFF, in words; null if it reads the file right, or the file is no TIFF. */
export function tiffMistake(file: Uint8Array): string | null {
  if (!isTiff(file)) return null
  const tags = firstDirectory(file)
  const [ycc, jpeg] = [6, 7]
  const [photometric, samples] = [tags.get(tiffTags.photometric) ?? 0, tags.get(tiffTags.samplesPerPixel) ?? 1]
  if (photometric === ycc && tags.get(tiffTags.compression) !== jpeg)
    return 'its colours are luma and chroma (YCbCr) not packed as JPEG, which is not read'
  const more = samples - (colours[photometric] ?? samples)
  const [associated, unassociated] = [1, 2]
  const extra = tags.get(tiffTags.extraSamples)
  if (more > 1 || (more === 1 && extra !== associated && extra !== unassociated))
    return `it has ${samples} channels, of which ${more} ${more === 1 ? 'is neither colour nor said to be transparency' : 'are no colours'}: save it as RGB`
  return null
}
