import { open, stat } from 'node:fs/promises'
import type { EventLine, EventReader } from '../launcher.js'

const chunkBytes = 1 << 20
/** A longer line is cut here, so that no trainer can fill our memory; always at the same place, so that numbers stay. */
const maxLineBytes = 4 << 20

/** Reads a growing file line by line. A file that is not there yet is empty. */
export function tailLines(path: string): EventReader {
  let offset = 0
  let number = 0
  let pending: Buffer = Buffer.alloc(0)

  async function read({ last = false } = {}): Promise<EventLine[]> {
    const lines: EventLine[] = []
    // Goes on until a line is whole: an empty answer would mean that there is nothing new.
    for (;;) {
      const chunk = await readChunk(path, offset)
      offset += chunk.length
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk
      for (let text = cut(); text !== null; text = cut()) lines.push({ number: ++number, text })
      if (chunk.length === 0 && last && pending.length > 0) {
        lines.push({ number: ++number, text: pending.toString('utf8') })
        pending = Buffer.alloc(0)
      }
      if (lines.length > 0 || chunk.length === 0) return lines
    }
  }

  function cut(): string | null {
    const end = pending.indexOf(10)
    if (end < 0 && pending.length < maxLineBytes) return null
    const bytes = end < 0 || end > maxLineBytes ? maxLineBytes : end
    const text = pending.toString('utf8', 0, bytes)
    pending = pending.subarray(bytes === end ? bytes + 1 : bytes)
    return text
  }

  return {
    read,
    lastWrite: () =>
      stat(path).then(
        ({ mtimeMs, size }) => (size > 0 ? mtimeMs : null),
        () => null,
      ),
    async [Symbol.asyncDispose]() {},
  }
}

async function readChunk(path: string, offset: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (file === null) return Buffer.alloc(0)
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(chunkBytes), position: offset })
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
