import type { Readable } from 'node:stream'
import type { EventLine, EventReader } from '../launcher.js'
import { LineCutter } from '../lineCutter.js'

/** With so many bytes in memory that nobody took, the rest waits with the engine. */
const mostHeldBytes = 1 << 20

export interface ContainerLog {
  /** Standard output from its first byte, and on while the container runs; null: there is no such container. */
  open(): Promise<Readable | null>
  /** When the container wrote its latest output, in milliseconds since 1970; null: it wrote nothing. */
  lastWrite(): Promise<number | null>
}

/**
 * Reads a container's standard output line by line. The engine sends it from the beginning each time that the stream is
 * opened. So a stream that broke off (the engine was restarted) is opened again, and the lines that were given out are
 * passed over: none is lost, none comes twice.
 */
export function readLog(log: ContainerLog): EventReader {
  let number = 0 // of lines that were given out
  let stream: LogStream | null = null
  let endIsKnown = false

  async function read({ last = false } = {}): Promise<EventLine[]> {
    // A stream that was opened while the container ran may have broken off. One that is opened after the container's
    // end has everything.
    if (stream?.ended && !last) await close()
    if (last && !endIsKnown) {
      await close()
      endIsKnown = true
    }
    stream ??= await LogStream.open(log)
    if (stream === null) return []
    const lines = last ? await stream.takeAfterEnd(number) : stream.take(number)
    number += lines.length
    return lines
  }

  async function close(): Promise<void> {
    stream?.close()
    stream = null
  }

  return { read, lastWrite: () => log.lastWrite(), [Symbol.asyncDispose]: close }
}

/** One opened stream. */
class LogStream {
  ended = false
  private readonly cutter = new LineCutter()
  private heldBytes = 0
  private passed = 0
  private wake = (): void => {}

  private constructor(private readonly source: Readable) {
    const end = (): void => {
      this.ended = true
      this.wake()
    }
    source.on('data', (chunk: Buffer) => {
      this.cutter.push(chunk)
      this.heldBytes += chunk.length
      if (this.heldBytes > mostHeldBytes) source.pause()
      this.wake()
    })
    source.on('end', end).on('close', end).on('error', end)
  }

  static async open(log: ContainerLog): Promise<LogStream | null> {
    const source = await log.open()
    return source && new LogStream(source)
  }

  /** Gives the whole lines that have arrived, but not the first `given` of the stream. */
  take(given: number): EventLine[] {
    const lines: EventLine[] = []
    for (let text = this.cutter.next(); text !== null; text = this.cutter.next())
      if (++this.passed > given) lines.push({ number: this.passed, text })
    this.heldBytes = 0
    this.source.resume()
    return lines
  }

  /** As `take`, for a container that has ended: waits for lines, and gives none only when all have been given. */
  async takeAfterEnd(given: number): Promise<EventLine[]> {
    for (;;) {
      const { ended } = this // asked before taking, so that nothing is missed that arrives between
      const lines = this.take(given)
      if (lines.length > 0) return lines
      if (ended) break
      await new Promise<void>((resolve) => (this.wake = resolve))
    }
    const text = this.cutter.rest()
    return text !== null && ++this.passed > given ? [{ number: this.passed, text }] : []
  }

  close(): void {
    this.source.destroy()
  }
}
