/**
 * The central directory of a zip file (APPNOTE.TXT of PKWARE, 4.3 and 4.5). Our own code reads it, because libraries
 * believe the counts and offsets in the file. Finder writes both modulo the size of their fields, and a library then
 * loses files without a word.
 */
import { crc32 } from 'node:zlib'
import { isUtf8 } from 'node:buffer'
import { DamagedFile } from './archive.js'
import type { OpenFile } from './archive.js'
import type { EntryKind, RawEntry } from './rawEntry.js'
import { rawName } from './rawEntry.js'
import { Window } from './window.js'

/** What is kept of an entry of the central directory. */
export interface ZipEntry extends RawEntry {
  /** Of its local header. */
  offset: number
  packedBytes: number
  nameBytes: number
  method: number
  crc32: number
  isEncrypted: boolean
}

const signatures = { entry: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 }
const lengths = { entry: 46, end: 22, end64: 56, locator64: 20 }
const maxCommentBytes = 0xffff
const windowBytes = 2 ** 20

interface Directory {
  /** Where its first entry begins, and where its last ends at the latest. */
  start: number
  end: number
  count: number
  /** Whether `count` is exact: without zip64 some programs write it modulo 65,536. */
  isExact: boolean
  /** What is to be added to offsets: bytes that stand before the archive. */
  shift: number
}

/** @throws DamagedFile where it contradicts itself, or the file ends before it */
export async function* readDirectory(file: OpenFile): AsyncGenerator<ZipEntry> {
  const { start, end, count, isExact, shift } = await findDirectory(file)
  const window = new Window(file, windowBytes)
  // Finder writes the offsets in archives above 4 GiB modulo that, with entries in their order.
  const wraps = shift % 2 ** 32 === 0
  let added = wraps ? 0 : shift
  let previous = -1
  let found = 0
  let cursor = start
  while (cursor + lengths.entry <= end) {
    const fixed = await window.at(cursor, lengths.entry)
    if (fixed.readUInt32LE(0) !== signatures.entry) break
    const [nameBytes, extraBytes, commentBytes] = [
      fixed.readUInt16LE(28),
      fixed.readUInt16LE(30),
      fixed.readUInt16LE(32),
    ]
    const length = lengths.entry + nameBytes + extraBytes + commentBytes
    if (cursor + length > end)
      throw new DamagedFile(`entry ${found + 1} of its directory goes on beyond the directory's end`)
    const entry = readEntry(await window.at(cursor, lengths.entry + nameBytes + extraBytes))
    if (wraps && shift > 0 && entry.offset + added < previous) added += 2 ** 32
    entry.offset += added
    previous = entry.offset
    cursor += length
    found++
    yield entry
  }
  if (isExact ? found !== count : found % 65_536 !== count % 65_536)
    throw new DamagedFile(`its directory says ${count} entries and holds ${found}`)
}

async function findDirectory(file: OpenFile): Promise<Directory> {
  const tailBytes = Math.min(file.bytes, lengths.end + maxCommentBytes + lengths.locator64)
  const tail = Buffer.from(await file.read(file.bytes - tailBytes, tailBytes))
  const at = findEnd(tail)
  if (at === null) throw new DamagedFile('the directory at its end is missing')
  const endOffset = file.bytes - tailBytes + at
  const end = tail.subarray(at)
  let [disk, count, bytes, claimedStart, endOfDirectory, isExact] = [
    end.readUInt16LE(4),
    end.readUInt16LE(10),
    end.readUInt32LE(12),
    end.readUInt32LE(16),
    endOffset,
    false,
  ]
  if (at >= lengths.locator64 && tail.readUInt32LE(at - lengths.locator64) === signatures.locator64) {
    const locator = endOffset - lengths.locator64
    const claimed = wide(tail, at - lengths.locator64 + 8)
    // Before it stands the end of the zip64 directory, where the locator says; or right before the locator, where bytes
    // were put before the archive.
    const found = (await readEnd64(file, claimed)) ?? (await readEnd64(file, locator - lengths.end64))
    if (found === null) throw new DamagedFile('the zip64 record of its directory is missing')
    disk = found.end64.readUInt32LE(16)
    count = wide(found.end64, 32)
    bytes = wide(found.end64, 40)
    claimedStart = wide(found.end64, 48)
    endOfDirectory = found.offset
    isExact = true
  }
  if (disk !== 0) throw new DamagedFile('it is one part of an archive in several: join them first')
  for (const start of [endOfDirectory - bytes, claimedStart]) {
    if (start < 0 || start > endOfDirectory) continue
    const isEntry =
      start + lengths.entry <= endOfDirectory &&
      Buffer.from(await file.read(start, 4)).readUInt32LE(0) === signatures.entry
    if (isEntry || (count === 0 && start === endOfDirectory))
      return { start, end: endOfDirectory, count, isExact, shift: start - claimedStart }
  }
  throw new DamagedFile('its directory is not where it says')
}

/**
 * Finds the end of the directory: the last whose comment ends the file; else, with bytes behind the archive, the last
 * whose comment fits in.
 */
function findEnd(tail: Buffer): number | null {
  let fitting: number | null = null
  for (let at = tail.length - lengths.end; at >= 0; at--) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== signatures.end) continue
    const behind = tail.length - at - lengths.end - tail.readUInt16LE(at + 20)
    if (behind === 0) return at
    if (behind > 0) fitting ??= at
  }
  return fitting
}

async function readEnd64(file: OpenFile, offset: number): Promise<{ offset: number; end64: Buffer } | null> {
  if (offset < 0 || offset + lengths.end64 > file.bytes) return null
  const end64 = Buffer.from(await file.read(offset, lengths.end64))
  return end64.readUInt32LE(0) === signatures.end64 ? { offset, end64 } : null
}

const madeBy = { dos: 0, unix: 3, macos: 19 }
const utf8Flag = 0x800
const encryptedFlag = 0x1

/** @param bytes the entry without its comment */
function readEntry(bytes: Buffer): ZipEntry {
  const nameBytes = bytes.readUInt16LE(28)
  const flags = bytes.readUInt16LE(8)
  const extra = bytes.subarray(lengths.entry + nameBytes)
  const { name, isBytes } = readName(bytes.subarray(lengths.entry, lengths.entry + nameBytes), {
    extra,
    saysUtf8: (flags & utf8Flag) !== 0,
  })
  const entry = {
    name,
    isBytes,
    kind: kindOf(bytes, name),
    bytes: bytes.readUInt32LE(24),
    offset: bytes.readUInt32LE(42),
    packedBytes: bytes.readUInt32LE(20),
    nameBytes,
    method: bytes.readUInt16LE(10),
    crc32: bytes.readUInt32LE(16),
    isEncrypted: (flags & encryptedFlag) !== 0,
  }
  const sizes = fieldOf(extra, 0x0001)
  if (sizes !== null) widen(entry, sizes)
  return entry
}

/** Info-ZIP's field with the name in UTF-8 counts as long as it was made of this very name. */
function readName(name: Buffer, { extra, saysUtf8 }: { extra: Buffer; saysUtf8: boolean }): ReturnType<typeof rawName> {
  const field = fieldOf(extra, 0x7075)
  const isOfThisName =
    field !== null &&
    field.length > 5 &&
    field[0] === 1 &&
    field.readUInt32LE(1) === crc32(name) &&
    isUtf8(field.subarray(5))
  return isOfThisName ? rawName(field.subarray(5), true) : rawName(name, saysUtf8 && isUtf8(name))
}

/** The data of an extra field; null where there is none. What does not fit its space ends the list. */
function fieldOf(extra: Buffer, id: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (end > extra.length) return null
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end)
    at = end
  }
  return null
}

/** The zip64 field holds the sizes that have no room in theirs, in this order. */
function widen(entry: Pick<ZipEntry, 'bytes' | 'packedBytes' | 'offset'>, data: Buffer): void {
  let at = 0
  for (const key of ['bytes', 'packedBytes', 'offset'] as const) {
    if (entry[key] !== 0xffffffff) continue
    if (at + 8 > data.length) return
    entry[key] = wide(data, at)
    at += 8
  }
}

const fileType = { mask: 0o170000, regular: 0o100000, folder: 0o040000, link: 0o120000 }
const dosFolder = 0x10

function kindOf(bytes: Buffer, name: string): EntryKind {
  const system = bytes.readUInt16LE(4) >> 8
  const attributes = bytes.readUInt32LE(38)
  const type = system === madeBy.unix || system === madeBy.macos ? (attributes >>> 16) & fileType.mask : 0
  if (type === fileType.link) return 'symbolic link'
  if (name.endsWith('/') || type === fileType.folder || (system === madeBy.dos && (attributes & dosFolder) !== 0))
    return 'folder'
  return type === 0 || type === fileType.regular ? 'file' : 'special file'
}

/** Eight bytes. @throws DamagedFile beyond what a file can have */
function wide(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at))
  if (!Number.isSafeInteger(value)) throw new DamagedFile(`it claims ${value} bytes or entries`)
  return value
}
