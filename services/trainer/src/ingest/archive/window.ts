import type { OpenFile } from './archive.js'

/**
 * Reads small pieces of a file, most of them in rising order, through one buffer: thousands of headers cost few calls
 * of the system.
 */
export class Window {
  readonly #file: OpenFile
  readonly #size: number
  #start = 0
  #held: Buffer = Buffer.alloc(0)

  /** @param size bytes that are read at once */
  constructor(file: OpenFile, size: number) {
    this.#file = file
    this.#size = size
  }

  /** `length` bytes from `offset` on; they hold until the next call. @throws DamagedFile when the file ends before */
  async at(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#start || offset + length > this.#start + this.#held.length) {
      const wanted = Math.max(length, Math.min(this.#size, this.#file.bytes - offset))
      const read = await this.#file.read(offset, wanted)
      this.#held = Buffer.from(read.buffer, read.byteOffset, read.length)
      this.#start = offset
    }
    return this.#held.subarray(offset - this.#start, offset - this.#start + length)
  }
}
