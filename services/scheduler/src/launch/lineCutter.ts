/**
 * A longer line is cut here, so that no trainer can fill our memory; always at the same place, so that numbers stay.
 */
const maxLineBytes = 4 << 20

/** Cuts a stream of bytes into lines. */
export class LineCutter {
  private pending: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.pending = this.pending.length > 0 ? Buffer.concat([this.pending, chunk]) : chunk
  }

  /** Returns the next whole line without its line break; null: none is whole yet. */
  next(): string | null {
    const end = this.pending.indexOf(10)
    if (end < 0 && this.pending.length < maxLineBytes) return null
    const bytes = end < 0 || end > maxLineBytes ? maxLineBytes : end
    const text = this.pending.toString('utf8', 0, bytes)
    this.pending = this.pending.subarray(bytes === end ? bytes + 1 : bytes)
    return text
  }

  /** Returns the text after the last line break, once the stream has ended; null: there is none. */
  rest(): string | null {
    if (this.pending.length === 0) return null
    const text = this.pending.toString('utf8')
    this.pending = Buffer.alloc(0)
    return text
  }
}
