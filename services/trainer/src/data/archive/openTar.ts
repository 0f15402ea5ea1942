import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Failure } from '@imclr/contract'
import tar from 'tar-stream'
import type { Header } from 'tar-stream'
import { DamagedFile, maxFileBytes, maxRatio, ratioFrom } from './archive.js'
import type { Archive, ArchiveFile } from './archive.js'
import type { Problems } from '../problems.js'
import { EntryGuard } from './entryGuard.js'
import type { ArchiveSource } from './openArchive.js'
import { archiveFailure, receive } from './receive.js'
import { partOf } from './spool.js'

/** Bytes that headers, long names and padding may add per entry. */
const overheadPerEntry = 4096

/** Writes the tar to `file` while it arrives, unpacked by gunzip where needed, and notes where in it each file lies. */
export async function openTar(source: ArchiveSource, { file, bytes, gzipped }: { file: string; bytes: number; gzipped: boolean }): Promise<Archive> {
  const { name, limits, problems, signal } = source
  const guard = new EntryGuard(source)
  const files: ArchiveFile[] = []
  const folders: string[] = []
  const offsets: number[] = []
  const handle = await open(file, 'w+')
  try {
    const maxTarBytes = limits.maxBytes + limits.maxEntries * overheadPerEntry
    let written = 0
    const store = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        await writeAll(handle, chunk, written)
        written += chunk.length
        if (written > maxTarBytes) throw new Failure('DATASET_TOO_LARGE', `${name} unpacks to more than ${maxTarBytes} bytes; the limit maxBytes is ${limits.maxBytes}`)
        if (gzipped && written > ratioFrom && written > maxRatio * bytes) {
          throw new Failure('ARCHIVE_UNSAFE', `${name} unpacks to more than ${maxRatio} times its size: a decompression bomb`)
        }
        yield chunk
      }
    }
    const extract = tar.extract()
    extract.on('entry', (header: Header & { byteOffset?: number }, stream, next) => {
      // An error of the whole, which the pipeline reports, comes here as well.
      stream.on('error', () => undefined)
      try {
        const path = judgeEntry(header, guard, problems)
        if (path !== null && header.type === 'directory') folders.push(path)
        else if (path !== null) {
          files.push({ path, bytes: header.size ?? 0 })
          offsets.push(header.byteOffset!)
        }
      } catch (error) {
        next(error as Error)
        return
      }
      stream.on('end', () => next())
      stream.resume()
    })
    if (gzipped) await pipeline(receive(source), createGunzip(), store, extract, { signal })
    else await pipeline(receive(source), store, extract, { signal })
    await checkEnd(handle, written, name)
  } catch (error) {
    await handle.close()
    throw archiveFailure(error, name)
  }
  return {
    format: gzipped ? 'tar.gz' : 'tar',
    files,
    folders,
    read: async (index, scratch) => {
      const { bytes: size, path } = files[index]!
      if (size > maxFileBytes) throw new DamagedFile(`it has ${size} bytes, at most ${maxFileBytes} are read`)
      const buffer = scratch !== undefined && scratch.length >= size ? scratch.subarray(0, size) : new Uint8Array(size)
      const { bytesRead } = await handle.read(buffer, 0, size, offsets[index]!)
      if (bytesRead !== size) throw new Error(`${path}: ${bytesRead} of ${size} bytes read`)
      return buffer
    },
    open: (index) => Promise.resolve(partOf(handle, { offset: offsets[index]!, bytes: files[index]!.bytes })),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

/** The cleaned path of a file or folder that is to be used. */
function judgeEntry(header: Header, guard: EntryGuard, problems: Problems): string | null {
  const path = guard.path(header.name)
  if (path === null) return null
  switch (header.type) {
    case 'directory':
      return path
    case 'file':
    case 'contiguous-file':
      return guard.file(path, header.size ?? 0) ? path : null
    case 'symlink':
    case 'link': {
      const message = `it is a ${header.type === 'link' ? 'hard' : 'symbolic'} link to ${JSON.stringify(header.linkname ?? '')}`
      problems.add('unsafe', { path, code: 'LINK', message, fix: 'Pack with links followed (tar -h --hard-dereference), or leave them out.' })
      return null
    }
    default:
      problems.add('unsafe', { path, code: 'SPECIAL_FILE', message: `it is neither a file nor a folder (${header.type ?? 'of an unknown kind'})`, fix: 'Leave it out.' })
      return null
  }
}

/** A whole tar ends with blocks of zeros; one that was cut between two files does not. */
async function checkEnd(handle: FileHandle, bytes: number, name: string): Promise<void> {
  const end = new Uint8Array(512)
  await handle.read(end, 0, 512, Math.max(0, bytes - 512))
  if (bytes < 1024 || bytes % 512 !== 0 || end.some((byte) => byte !== 0)) throw new Failure('ARCHIVE_UNREADABLE', `${name} is cut off: the tar archive in it has no end`)
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < chunk.length) done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten
}
