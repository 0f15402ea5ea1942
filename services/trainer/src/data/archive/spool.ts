import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Transform } from 'node:stream'
import { Failure } from '@imclr/contract'
import { DamagedFile, maxRatio, ratioFrom } from './archive.js'

/** A file on the local disk, or a part of one, read piece by piece. */
export interface OpenFile {
  bytes: number
  /** `length` bytes from `offset` on, in `scratch` where that is large enough. @throws DamagedFile when the file ends before */
  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array>
}

/** The part of a file that begins at `offset`. Closing it is the business of whoever opened it. */
export function partOf(handle: FileHandle, { offset: start, bytes }: { offset: number; bytes: number }): OpenFile {
  return {
    bytes,
    async read(offset, length, scratch) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes)) throw new DamagedFile(`it ends after ${bytes} bytes where ${offset + length} are needed`)
      const buffer = scratch !== undefined && scratch.length >= length ? scratch.subarray(0, length) : new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(buffer, done, length - done, start + offset + done)
        if (bytesRead === 0) throw new DamagedFile('its bytes end early')
        done += bytesRead
      }
      return buffer
    },
  }
}

/** Writes all of a chunk, in as many calls as the system takes. */
export async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten
}

const chunkBytes = 2 ** 20

/** A file from its beginning (or `from`) to its end (or `to`). */
export async function* chunksOf(file: OpenFile, from = 0, to = file.bytes): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < to; offset += chunkBytes) yield await file.read(offset, Math.min(chunkBytes, to - offset))
}

/** What zlib makes of a part of a file. @throws DamagedFile */
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

/** Temporary files of one job: what is unpacked from within an upload so that it can be read piece by piece. Its folder is the caller's to remove. */
export class Spool implements AsyncDisposable {
  readonly #folder: string
  readonly #maxBytes: number
  /** Files on the disk: as many as are written at once. What is written lies in them one after the other. */
  readonly #handles: { handle: FileHandle; bytes: number }[] = []
  readonly #idle: { handle: FileHandle; bytes: number }[] = []
  #bytes = 0

  /** @param maxBytes of all files together */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  /**
   * Writes a file as it comes.
   * @param from bytes that it was packed in
   * @throws Failure DATASET_TOO_LARGE, ARCHIVE_UNSAFE for a bomb
   */
  async write(chunks: AsyncIterable<Uint8Array>, { from }: { from: number }): Promise<OpenFile> {
    const place = this.#idle.pop() ?? (await this.#open())
    const offset = place.bytes
    try {
      for await (const chunk of chunks) {
        this.#bytes += chunk.length
        if (this.#bytes > this.#maxBytes) throw new Failure('DATASET_TOO_LARGE', `the upload unpacks to more than ${this.#maxBytes} bytes, the limit maxBytes`)
        const bytes = place.bytes - offset + chunk.length
        if (bytes > ratioFrom && bytes > maxRatio * from) throw new Failure('ARCHIVE_UNSAFE', `a file of the upload unpacks to more than ${maxRatio} times its size: a decompression bomb`)
        await writeAll(place.handle, chunk, place.bytes)
        place.bytes += chunk.length
      }
    } finally {
      this.#idle.push(place)
    }
    return partOf(place.handle, { offset, bytes: place.bytes - offset })
  }

  async #open(): Promise<{ handle: FileHandle; bytes: number }> {
    const place = { handle: await open(join(this.#folder, `spool-${this.#handles.length}`), 'wx+'), bytes: 0 }
    this.#handles.push(place)
    return place
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#handles.map(({ handle }) => handle.close()))
  }
}
