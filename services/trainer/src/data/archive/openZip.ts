import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib'
import { Failure } from '@imclr/contract'
import yauzl from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import type { Problems } from '../problems.js'
import { DamagedFile, maxFileBytes, maxRatio } from './archive.js'
import type { Archive, ArchiveFile } from './archive.js'
import { EntryGuard } from './entryGuard.js'
import type { ArchiveSource } from './openArchive.js'
import { archiveFailure, receive } from './receive.js'
import { chunksOf, inflated, partOf } from './spool.js'
import type { OpenFile } from './spool.js'

const inflate = promisify(inflateRaw)

/** What is kept of an entry of the central directory. */
interface Place {
  relativeOffsetOfLocalHeader: number
  compressedSize: number
  compressionMethod: number
  crc32: number
}

/** Below this size even a run of zeros is no threat. */
const ratioFromEntry = 10 * 2 ** 20

/** Writes the zip to `file` and reads its central directory; files are inflated one by one when asked for. */
export async function openZip(source: ArchiveSource, file: string): Promise<Archive> {
  const { name, problems, signal, spool } = source
  const guard = new EntryGuard(source)
  const files: ArchiveFile[] = []
  const folders: string[] = []
  const places: Place[] = []
  await pipeline(receive(source), createWriteStream(file), { signal })
  const handle = await open(file, 'r')
  let zip: ZipFile
  try {
    zip = await yauzl.fromFdPromise(handle.fd, { autoClose: false, lazyEntries: true, decodeStrings: false })
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      const raw = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
      const path = guard.path(raw)
      if (path === null) continue
      if (raw.endsWith('/')) folders.push(path)
      else if (guard.file(path, entry.uncompressedSize) && isReadable(entry, path, problems)) {
        files.push({ path, bytes: entry.uncompressedSize })
        places.push({
          relativeOffsetOfLocalHeader: entry.relativeOffsetOfLocalHeader,
          compressedSize: entry.compressedSize,
          compressionMethod: entry.compressionMethod,
          crc32: entry.crc32,
        })
      }
    }
  } catch (error) {
    await handle.close()
    throw archiveFailure(error, name)
  }

  const dataStart = async (place: Place) => (await zip.readLocalFileHeaderPromise(Object.assign(new yauzl.Entry(), place), { minimal: true }).catch(damaged)).fileDataStart
  const read = async (index: number): Promise<Uint8Array> => {
    const { bytes } = files[index]!
    const place = places[index]!
    if (bytes > maxFileBytes || place.compressedSize > maxFileBytes) throw new DamagedFile(`it has ${bytes} bytes, at most ${maxFileBytes} are read`)
    const stored = Buffer.allocUnsafe(place.compressedSize)
    const { bytesRead } = await handle.read(stored, 0, stored.length, await dataStart(place))
    if (bytesRead !== stored.length) throw new DamagedFile('its bytes end early')
    const content = place.compressionMethod === 0 ? stored : await inflate(stored, { maxOutputLength: Math.max(1, bytes) }).catch(damaged)
    if (content.length !== bytes || crc32(content) !== place.crc32) throw new DamagedFile('its bytes do not match its checksum in the archive')
    return content
  }
  const unpack = async (index: number): Promise<OpenFile> => {
    const place = places[index]!
    const packed = partOf(handle, { offset: await dataStart(place), bytes: place.compressedSize })
    const content = place.compressionMethod === 0 ? chunksOf(packed) : inflated(packed, createInflateRaw())
    let sum = 0
    const summed = async function* () {
      for await (const chunk of content) {
        sum = crc32(chunk, sum)
        yield chunk
      }
    }
    const file = await spool.write(summed(), { from: packed.bytes })
    if (file.bytes !== files[index]!.bytes || sum !== place.crc32) throw new DamagedFile('its bytes do not match its checksum in the archive')
    return file
  }
  const opened = new Map<number, Promise<OpenFile>>()
  const openOnce = (index: number): Promise<OpenFile> => {
    const file = opened.get(index) ?? unpack(index)
    opened.set(index, file)
    return file
  }
  return { format: 'zip', files, folders, read, open: openOnce, [Symbol.asyncDispose]: () => handle.close() }
}

function damaged(error: unknown): never {
  throw new DamagedFile(`it cannot be unpacked (${error instanceof Error ? error.message : String(error)})`, { cause: error })
}

const fileTypeMask = 0o170000
const regularFile = 0o100000
const symbolicLink = 0o120000

/** @throws Failure ARCHIVE_UNSAFE for a bomb */
function isReadable(entry: Entry, path: string, problems: Problems): boolean {
  if (entry.uncompressedSize > ratioFromEntry && entry.uncompressedSize > maxRatio * entry.compressedSize) {
    throw new Failure('ARCHIVE_UNSAFE', `${path} unpacks to more than ${maxRatio} times its size: a decompression bomb`)
  }
  const madeByUnix = entry.versionMadeBy >> 8 === 3
  const type = madeByUnix ? (entry.externalFileAttributes >>> 16) & fileTypeMask : 0
  if (type === symbolicLink) {
    problems.add('unsafe', { path, code: 'LINK', message: 'it is a symbolic link', fix: 'Pack with links followed, or leave them out.' })
    return false
  }
  if (type !== 0 && type !== regularFile) {
    problems.add('unsafe', { path, code: 'SPECIAL_FILE', message: 'it is neither a file nor a folder', fix: 'Leave it out.' })
    return false
  }
  if (entry.isEncrypted()) {
    problems.add('file', { path, code: 'ENCRYPTED', message: 'it is encrypted', fix: 'Pack without a password.' })
    return false
  }
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    problems.add('file', { path, code: 'COMPRESSION', message: `it is packed by method ${entry.compressionMethod}`, fix: 'Pack with deflate, what every zip program does by default.' })
    return false
  }
  return true
}
