import { open, stat } from 'node:fs/promises'
import type { EventLine, EventReader } from '../launcher.js'
import { LineCutter } from '../lineCutter.js'

const chunkBytes = 1 << 20
/** Reads a growing file line by line. A file that is not there yet is empty. */
export function tailLines(path: string): EventReader {
  let offset = 0
  let number = 0
  const cutter = new LineCutter()

  async function read({ last = false } = {}): Promise<EventLine[]> {
    const lines: EventLine[] = []
    // Goes on until a line is whole: an empty answer would mean that there is nothing new.
    for (;;) {
      const chunk = await readChunk(path, offset)
      offset += chunk.length
      cutter.push(chunk)
      for (let text = cutter.next(); text !== null; text = cutter.next()) lines.push({ number: ++number, text })
      if (chunk.length === 0 && last) {
        const text = cutter.rest()
        if (text !== null) lines.push({ number: ++number, text })
      }
      if (lines.length > 0 || chunk.length === 0) return lines
    }
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
