import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Transform } from 'node:stream'
import { Failure } from '@imclr/contract'
import { DamagedFile, maxRatio, ratioFrom } from './archive.js'
import type { OpenFile } from './archive.js'

/** The part of a file that begins at `offset`. Closing it is the business of whoever opened it. */
export function partOf(handle: FileHandle, { offset: start, bytes }: { offset: number; bytes: number }): OpenFile {
  return pieced(handle, [{ at: 0, offset: start, bytes }])
}

/** Where a part of a file lies in the one that holds it: bytes `at` to `at + bytes` of it are at `offset`. */
interface Piece {
  at: number
  offset: number
  bytes: number
}

/** A file whose pieces lie in another, in their order. */
function pieced(handle: FileHandle, pieces: readonly Piece[]): OpenFile {
  const last = pieces.at(-1)
  const bytes = last === undefined ? 0 : last.at + last.bytes
  return {
    bytes,
    async read(offset, length, scratch) {
      // Offsets and lengths come from the files: they may be anything.
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes))
        throw new DamagedFile(`it ends after ${bytes} bytes where ${offset + length} are needed`)
      const buffer =
        scratch !== undefined && scratch.length >= length ? scratch.subarray(0, length) : new Uint8Array(length)
      for (let done = 0, piece = pieceAt(pieces, offset); done < length;) {
        const { at, offset: start, bytes: most } = pieces[piece]!
        const inside = offset + done - at
        const { bytesRead } = await handle.read(buffer, done, Math.min(length - done, most - inside), start + inside)
        if (bytesRead === 0) throw new DamagedFile('its bytes end early')
        done += bytesRead
        if (inside + bytesRead === most) piece++
      }
      return buffer
    },
  }
}

/** The piece that holds the byte `offset`, by halving. */
function pieceAt(pieces: readonly Piece[], offset: number): number {
  let [low, high] = [0, pieces.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (pieces[middle]!.at <= offset) low = middle
    else high = middle - 1
  }
  return low
}

const chunkBytes = 2 ** 20

/** A file from its beginning (or `from`) to its end (or `to`). */
export async function* chunksOf(file: OpenFile, from = 0, to = file.bytes): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < to; offset += chunkBytes)
    yield await file.read(offset, Math.min(chunkBytes, to - offset))
}

/** Unpacks a part of a file by zlib. @throws DamagedFile */
export async function* inflated(file: OpenFile, inflate: Transform, from = 0): AsyncGenerator<Uint8Array> {
  const fed = pipeline(chunksOf(file, from), inflate).catch(() => undefined) // the reader below is told as well
  try {
    for await (const chunk of inflate) yield chunk as Uint8Array
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!code?.startsWith('Z_')) throw error
    throw new DamagedFile(`it cannot be unpacked (${(error as Error).message})`, { cause: error })
  } finally {
    inflate.destroy()
    await fed
  }
}

export interface Written {
  /** Its packed size in bytes. */
  from: number
  /** It repeats bytes of the spool in another order, which are counted already. */
  again?: boolean
}

/**
 * Holds files that were unpacked from an upload, so that they can be read piece by piece. They all share one file on
 * the disk, written in pieces as they come, so that few files are open. The caller removes the folder.
 */
export class Spool implements AsyncDisposable {
  readonly #path: string
  readonly #maxBytes: number
  #handle: Promise<FileHandle> | undefined
  /** Of the file on the disk. */
  #end = 0
  #unpacked = 0
  #uploaded = Infinity

  /** @param maxBytes of all files together */
  constructor(folder: string, maxBytes: number) {
    this.#path = join(folder, 'spool')
    this.#maxBytes = maxBytes
  }

  /**
   * From here on all files together have at most `2 x maxRatio` times the bytes of the upload: archives within archives
   * multiply their ratios.
   */
  boundBy(uploadBytes: number): void {
    this.#uploaded = uploadBytes
  }

  /**
   * Writes a file as it comes.
   * @throws Failure DATASET_TOO_LARGE, ARCHIVE_UNSAFE for a bomb
   */
  async write(chunks: AsyncIterable<Uint8Array>, { from, again = false }: Written): Promise<OpenFile> {
    const handle = await (this.#handle ??= open(this.#path, 'w+'))
    const pieces: Piece[] = []
    let bytes = 0
    for await (const chunk of chunks) {
      if (!again) this.#count(bytes + chunk.length, chunk.length, from)
      const offset = this.#end
      this.#end += chunk.length
      await writeAll(handle, chunk, offset)
      const last = pieces.at(-1)
      if (last !== undefined && last.offset + last.bytes === offset) last.bytes += chunk.length
      else if (chunk.length > 0) pieces.push({ at: bytes, offset, bytes: chunk.length })
      bytes += chunk.length
    }
    return pieced(handle, pieces)
  }

  #count(bytes: number, more: number, from: number): void {
    this.#unpacked += more
    if (this.#unpacked > this.#maxBytes)
      throw new Failure(
        'DATASET_TOO_LARGE',
        `the upload unpacks to more than ${this.#maxBytes} bytes, the limit maxBytes`,
      )
    if (bytes > ratioFrom && bytes > maxRatio * from)
      throw new Failure(
        'ARCHIVE_UNSAFE',
        `a file of the upload unpacks to more than ${maxRatio} times its size: a decompression bomb`,
      )
    if (this.#unpacked > ratioFrom && this.#unpacked > 2 * maxRatio * this.#uploaded) {
      throw new Failure(
        'ARCHIVE_UNSAFE',
        `the files within the upload unpack to more than ${2 * maxRatio} times its size: a decompression bomb`,
      )
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#handle)?.close()
  }
}

/** Writes all of a chunk, in as many calls as the system takes. */
export async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;)
    done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten
}
