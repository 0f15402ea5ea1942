import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { thumbnail, thumbnailBytes } from '../duplicates/thumbnail.js'
import { lookOf } from './look.js'
import type { Box } from './look.js'
import type { Size } from './measureItems.js'

/**
 * Pictures at their final size: the pixels in a temporary file, and of each, in memory, its sha256, its thumbnail and
 * how it looks (106 bytes). Reading and writing are synchronous: this process serves nobody, and the pages are in the
 * system's cache.
 */
export class Decoded implements Disposable {
  readonly pictureBytes: number
  readonly #sha256: Buffer
  readonly #usable: Uint8Array
  readonly #looks: Uint8Array
  readonly thumbnails: Uint8Array
  readonly #file: number

  constructor(
    readonly count: number,
    readonly size: Size,
    path: string,
  ) {
    this.pictureBytes = size.height * size.width * 3
    this.#sha256 = Buffer.alloc(count * 32)
    this.#usable = new Uint8Array(count)
    this.#looks = new Uint8Array(count)
    this.thumbnails = new Uint8Array(count * thumbnailBytes)
    this.#file = openSync(path, 'w+')
  }

  /**
   * Takes consecutive pictures: uint8 `[n, h, w, 3]`.
   *
   * @param box where the files show in them; everywhere, if it is not given
   */
  put(
    first: number,
    pixels: Uint8Array,
    box: Box = { top: 0, left: 0, bottom: this.size.height, right: this.size.width },
  ): void {
    const { pictureBytes, size } = this
    writeAll(this.#file, pixels, first * pictureBytes)
    for (let offset = 0, index = first; offset < pixels.length; offset += pictureBytes, index++) {
      const picture = pixels.subarray(offset, offset + pictureBytes)
      this.#sha256.set(createHash('sha256').update(picture).digest(), index * 32)
      thumbnail(picture, size, this.thumbnails.subarray(index * thumbnailBytes, (index + 1) * thumbnailBytes))
      this.#looks[index] = lookOf(picture, size, box)
      this.#usable[index] = 1
    }
  }

  usable(index: number): boolean {
    return this.#usable[index] === 1
  }

  /** Some of `looks`, or 0. */
  look(index: number): number {
    return this.#looks[index]!
  }

  /** Of the pixels, as a string of any encoding. */
  sha256(index: number, encoding: 'hex' | 'latin1'): string {
    return this.#sha256.toString(encoding, index * 32, (index + 1) * 32)
  }

  /** Pictures in the given order: uint8 `[n, h, w, 3]`. */
  pixels(indices: Uint32Array, out: Uint8Array = new Uint8Array(indices.length * this.pictureBytes)): Uint8Array {
    const { pictureBytes } = this
    for (let i = 0; i < indices.length;) {
      let run = 1
      while (i + run < indices.length && indices[i + run] === indices[i]! + run) run++
      const bytes = run * pictureBytes
      if (readSync(this.#file, out, i * pictureBytes, bytes, indices[i]! * pictureBytes) !== bytes)
        throw new Error('the file of decoded pictures ends early')
      i += run
    }
    return out
  }

  /** One picture, into `out`: uint8 `[h, w, 3]`. */
  readonly readPicture = (index: number, out: Uint8Array): void => {
    this.pixels(Uint32Array.of(index), out)
  };

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, position + done)
}
