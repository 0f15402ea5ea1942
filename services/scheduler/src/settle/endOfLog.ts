import { open } from 'node:fs/promises'
import type { Outcome } from './decideOutcome.js'

/** As many as a log event may have characters. */
const mostBytes = 4000

// eslint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/g

/** The end of what a trainer wrote to standard error, where it failed in a way that only this explains; else null. */
export async function endOfLog(path: string, outcome: Outcome): Promise<string | null> {
  const failure = outcome.kind === 'retry' || outcome.kind === 'end' ? outcome.failure : null
  if (failure === null || failure.code === 'TIME_LIMIT') return null
  const file = await open(path).catch(() => null)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(mostBytes),
      position: Math.max(0, size - mostBytes),
    })
    // Control characters but line breaks and tabs would spoil a terminal, and PostgreSQL keeps no zero.
    const text = buffer.toString('utf8', 0, bytesRead).replace(controlCharacters, '').trim()
    return text === '' ? null : text.slice(-mostBytes)
  } finally {
    await file.close()
  }
}
