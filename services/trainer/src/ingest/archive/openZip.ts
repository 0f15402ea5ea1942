import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib'
import { Failure } from '@imclr/contract'
import type { Problems } from '../problems.js'
import { DamagedFile, maxFileBytes, maxRatio } from './archive.js'
import type { Archive, ArchiveFile, OpenFile } from './archive.js'
import { findOverlap } from './findOverlap.js'
import { checkBytes, listEntries } from './listEntries.js'
import type { ArchiveSource } from './archiveSource.js'
import { collectEntries } from './rawEntry.js'
import { readDirectory } from './readDirectory.js'
import type { ZipEntry } from './readDirectory.js'
import { archiveFailure, receive } from './receive.js'
import { chunksOf, inflated, partOf } from './spool.js'

const inflate = promisify(inflateRaw)

/** The fields of a file's entry that reading it needs. */
type StoredEntry = Pick<ZipEntry, 'offset' | 'packedBytes' | 'method' | 'crc32'>

/** Below this size even a run of zeros is no threat. */
const ratioFromEntry = 10 * 2 ** 20
const localHeaderBytes = 30
const methods = { stored: 0, deflate: 8 }

/** Writes the zip to `file` and reads its central directory; files are inflated one by one when asked for. */
export async function openZip(source: ArchiveSource, file: string): Promise<Archive> {
  const { name, problems, limits, signal, spool } = source
  await pipeline(receive(source), createWriteStream(file), { signal })
  const handle = await open(file, 'r')
  const whole = partOf(handle, { offset: 0, bytes: (await handle.stat()).size })
  const files: ArchiveFile[] = []
  const kept: StoredEntry[] = []
  let listed: { folders: string[]; ignored: number }
  try {
    const entries = await collectEntries(readDirectory(whole), { name, limits, signal, uploadBytes: whole.bytes })
    const overlap = await findOverlap(entries, { fileBytes: whole.bytes, signal })
    if (overlap !== null) throw new Failure('ARCHIVE_UNSAFE', `${name}: ${overlap}`)
    // An honest zip begins with an entry. If the first listed entry begins later, files before it would be lost without
    // a word.
    const first = entries.reduce((least, { offset }) => Math.min(least, offset), Infinity)
    if (first > 0 && first < Infinity)
      throw new DamagedFile(
        `its directory lists nothing of the first ${first} bytes, which may be another archive's: unpack it, and pack all files into one`,
      )
    const list = await listEntries(entries, source)
    checkBytes(list.files, { name, limits })
    for (const { path, bytes, entry: index } of list.files) {
      const entry = entries[index]!
      if (!isReadable(entry, path, problems)) continue
      files.push({ path, bytes })
      kept.push({ offset: entry.offset, packedBytes: entry.packedBytes, method: entry.method, crc32: entry.crc32 })
    }
    listed = { folders: list.folders, ignored: list.ignored }
  } catch (error) {
    await handle.close()
    throw archiveFailure(error, name)
  }

  const packedOf = async ({ offset, packedBytes }: StoredEntry): Promise<OpenFile> => {
    const header = Buffer.from(await whole.read(offset, localHeaderBytes))
    if (header.toString('latin1', 0, 4) !== 'PK\x03\x04')
      throw new DamagedFile('it is not where the directory of the archive says')
    const start = offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
    if (start + packedBytes > whole.bytes) throw new DamagedFile('its bytes end early')
    return partOf(handle, { offset: start, bytes: packedBytes })
  }
  const read = async (index: number): Promise<Uint8Array> => {
    const { bytes } = files[index]!
    const entry = kept[index]!
    if (bytes > maxFileBytes) throw new DamagedFile(`it has ${bytes} bytes, at most ${maxFileBytes} are read`)
    const stored = await (await packedOf(entry)).read(0, entry.packedBytes)
    const content =
      entry.method === methods.stored
        ? stored
        : await inflate(stored, { maxOutputLength: Math.max(1, bytes) }).catch(damaged)
    if (content.length !== bytes || crc32(content) !== entry.crc32)
      throw new DamagedFile('its bytes do not match its checksum in the archive')
    return content
  }
  const unpack = async (index: number): Promise<OpenFile> => {
    const { bytes } = files[index]!
    const entry = kept[index]!
    const packed = await packedOf(entry)
    let [sum, length] = [0, 0]
    const summed = async function* () {
      for await (const chunk of entry.method === methods.stored
        ? chunksOf(packed)
        : inflated(packed, createInflateRaw())) {
        sum = crc32(chunk, sum)
        length += chunk.length
        if (length > bytes) break
        yield chunk
      }
    }
    const unpacked = await spool.write(summed(), { from: packed.bytes })
    if (length !== bytes || sum !== entry.crc32)
      throw new DamagedFile('its bytes do not match its checksum in the archive')
    return unpacked
  }
  const opened = new Map<number, Promise<OpenFile>>()
  const openOnce = (index: number): Promise<OpenFile> => {
    const file = opened.get(index) ?? unpack(index)
    opened.set(index, file)
    return file
  }
  return { format: 'zip', files, ...listed, read, open: openOnce, [Symbol.asyncDispose]: () => handle.close() }
}

function damaged(error: unknown): never {
  throw new DamagedFile(`it cannot be unpacked (${error instanceof Error ? error.message : String(error)})`, {
    cause: error,
  })
}

/** Methods of compression that are not read, by their numbers in APPNOTE.TXT 4.4.5. */
const otherMethods: Readonly<Record<number, string>> = {
  1: 'shrink',
  6: 'implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
  98: 'PPMd',
}
const aes = 99

/** @throws Failure ARCHIVE_UNSAFE for a bomb */
function isReadable({ bytes, packedBytes, method, isEncrypted }: ZipEntry, path: string, problems: Problems): boolean {
  const refuse = (code: string, message: string, fix: string): false => {
    problems.add('file', { path, code, message, fix })
    return false
  }
  if (bytes > ratioFromEntry && bytes > maxRatio * packedBytes)
    throw new Failure('ARCHIVE_UNSAFE', `${path} unpacks to more than ${maxRatio} times its size: a decompression bomb`)
  if (isEncrypted || method === aes) return refuse('ENCRYPTED', 'it is encrypted', 'Pack without a password.')
  if (method !== methods.stored && method !== methods.deflate) {
    return refuse(
      'COMPRESSION',
      `it is packed by ${otherMethods[method] ?? 'an unknown method'} (${method})`,
      'Pack with deflate, what every zip program does by default.',
    )
  }
  // Deflate adds at most a few bytes in a thousand. An entry that claims more is not read.
  if (packedBytes > bytes + Math.ceil(bytes / 8) + 1024)
    return refuse('DAMAGED', `it claims ${packedBytes} packed bytes for ${bytes} unpacked ones`, 'Pack it again.')
  return true
}
