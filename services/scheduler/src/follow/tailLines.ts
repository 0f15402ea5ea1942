import { open } from 'node:fs/promises'

interface Line {
  /** From 1. */
  number: number
  text: string
}

export interface Tail {
  /** The whole lines that came since, at most about a megabyte of them; empty: nothing new. With `last`, what follows the last line break counts too. */
  read(options?: { last?: boolean }): Promise<Line[]>
}

const chunkBytes = 1 << 20
/** A longer line is cut here, so that no trainer can fill our memory; always at the same place, so that numbers stay. */
const maxLineBytes = 4 << 20

/** Reads a growing file line by line, starting after the first `skip` lines. A file that is not there yet is empty. */
export function tailLines(path: string, skip = 0): Tail {
  let offset = 0
  let number = 0
  let pending: Buffer = Buffer.alloc(0)

  async function read({ last = false } = {}): Promise<Line[]> {
    const lines: Line[] = []
    // Lines that were stored before are passed over without giving back an empty answer, which would mean "nothing new".
    for (;;) {
      const chunk = await readChunk(path, offset)
      offset += chunk.length
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk
      for (let text = cut(); text !== null; text = cut()) take(text, lines)
      if (chunk.length === 0 && last && pending.length > 0) {
        take(pending.toString('utf8'), lines)
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

  function take(text: string, lines: Line[]): void {
    number++
    if (number > skip) lines.push({ number, text })
  }

  return { read }
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
