import { orderOf } from './orderOf.js'
import type { ZipEntry } from './readDirectory.js'

const localHeaderBytes = 30

/**
 * Says in words which entries of a zip overlap or reach beyond the file; null if none does. In an honest archive each
 * entry has a header, name and packed bytes of its own, so reading all of them takes no longer than reading the file.
 * Overlapping entries turn a few megabytes into thousands of times as many. Headers may be longer in the file than is
 * known here: that moves the packed bytes, but adds none.
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
