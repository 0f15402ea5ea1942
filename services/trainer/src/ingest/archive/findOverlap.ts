import { orderOf } from './orderOf.js'
import type { ZipEntry } from './readDirectory.js'

const localHeaderBytes = 30

/**
 * What entries of a zip claim beyond what the file can hold, in words; null where all is well. Each entry's header, name and packed bytes are
 * its own in an honest archive, so that all of it together can be read once in the time that the file takes. Where they overlap, a few
 * megabytes become thousands of times as many. Headers may be longer in the file than is known here: that moves the packed bytes, but adds none.
 */
export async function findOverlap(
  entries: readonly ZipEntry[],
  { fileBytes, signal }: { fileBytes: number; signal: AbortSignal },
): Promise<string | null> {
  const order = await orderOf(entries.length, (a, b) => entries[a]!.offset - entries[b]!.offset, signal)
  let [end, previous] = [0, '']
  for (const index of order) {
    const { name, offset, nameBytes, packedBytes } = entries[index]!
    if (offset < end)
      return `its entries ${JSON.stringify(previous.slice(0, 200))} and ${JSON.stringify(name.slice(0, 200))} lie over each other, which no program writes`
    end = offset + localHeaderBytes + nameBytes + packedBytes
    previous = name
    if (end > fileBytes)
      return `its entry ${JSON.stringify(name.slice(0, 200))} claims ${packedBytes} bytes from byte ${offset} on, more than the archive has`
  }
  return null
}
