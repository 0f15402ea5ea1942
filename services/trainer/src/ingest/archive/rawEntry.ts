import { Failure } from '@imclr/contract'
import type { ArchiveLimits } from './archive.js'
import { entriesPerTurn, yieldToEventLoop } from './yieldToEventLoop.js'

export type EntryKind = 'file' | 'folder' | 'symbolic link' | 'hard link' | 'sparse file' | 'special file'

/**
 * An entry as it stands in an archive, before anything is made of its name. A few hundred bytes of memory each,
 * whatever the archive says.
 */
export interface RawEntry {
  /** Text; or, where `isBytes`, one character per byte: bytes that are not ASCII, of an encoding that nothing names. */
  name: string
  isBytes: boolean
  kind: EntryKind
  /** Of its content, unpacked, as the archive claims. */
  bytes: number
  /** What a link points to, where the archive's index says so. */
  target?: string
}

/** Longer names are no honest ones: of them only the beginning is kept, long enough to be refused for its length. */
const maxNameBytes = 4096

/** The name's text where it is ASCII or is known to be UTF-8, else its bytes. */
export function rawName(bytes: Buffer, isUtf8: boolean): Pick<RawEntry, 'name' | 'isBytes'> {
  if (bytes.length > maxNameBytes) return { name: bytes.toString('utf8', 0, maxNameBytes), isBytes: false }
  const name = bytes.toString('latin1')
  // eslint-disable-next-line no-control-regex -- ASCII is meant, its control characters too
  if (/^[\x00-\x7f]*$/.test(name)) return { name, isBytes: false }
  return isUtf8 ? { name: bytes.toString('utf8'), isBytes: false } : { name, isBytes: true }
}

/**
 * Packed headers of empty files shrink to a few bytes each, a picture has more: beyond `freeEntries` an upload may have
 * an entry for each `bytesPerEntry` of its own, so that what is held of them (below a kilobyte each) is at most 32
 * times its size.
 */
const freeEntries = 10_000
const bytesPerEntry = 32

/**
 * Reads all entries of an archive.
 * @param uploadBytes of the archive as it was sent
 * @throws Failure DATASET_TOO_LARGE beyond `limits.maxEntries`, ARCHIVE_UNSAFE for more than its size explains; the
 * signal's reason
 */
export async function collectEntries<T extends RawEntry>(
  entries: AsyncIterable<T>,
  {
    name,
    limits,
    signal,
    uploadBytes,
  }: { name: string; limits: ArchiveLimits; signal: AbortSignal; uploadBytes: number },
): Promise<T[]> {
  const collected: T[] = []
  const explained = freeEntries + Math.floor(uploadBytes / bytesPerEntry)
  for await (const entry of entries) {
    if (collected.length === limits.maxEntries)
      throw new Failure(
        'DATASET_TOO_LARGE',
        `${name} has more than ${limits.maxEntries} entries, what the limit maxImages leaves room for`,
      )
    if (collected.length === explained)
      throw new Failure(
        'ARCHIVE_UNSAFE',
        `${name} has more than ${explained} entries, fewer than ${bytesPerEntry} bytes for each: a decompression bomb`,
      )
    collected.push(entry)
    if (collected.length % entriesPerTurn === 0) await yieldToEventLoop(signal)
  }
  return collected
}
