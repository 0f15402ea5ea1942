import { fstatSync, ftruncateSync, writeSync } from 'node:fs'
import { diskFull, isNoSpace, longestLogMessage, probeResult, trainerEvent } from '@imclr/contract'
import type { FullDisk, ProbeResult, Progress, TrainerEvent } from '@imclr/contract'

export interface Emitter {
  /** Writes one event as a line. When this returns, the line has left the process. */
  emit(event: TrainerEvent | ProbeResult): void
  /** Writes progress when the phase changes and when it is complete, otherwise only a few times per second. */
  progress(progress: Progress): void
}

export interface EmitterOptions {
  /** The target of the lines: a file that the scheduler follows, or a pipe. */
  fd: number
  /** The disk of that file. */
  disk: FullDisk
  /** Returns the time in milliseconds. */
  now: () => number
  /** Called once when nobody reads the pipe any more. Later events are dropped. */
  onReaderGone: () => void
}

const progressEveryMs = 500

/**
 * Writes events as JSON lines.
 *
 * @throws Failure DISK_FULL when a line does not fit; it removes the part already written
 */
export function createEmitter({ fd, disk, now, onReaderGone }: EmitterOptions): Emitter {
  let readerGone = false
  let last: { phase: string; at: number } | null = null

  const emit = (event: TrainerEvent | ProbeResult) => {
    if (readerGone) return
    const schema = event.type === 'probed' ? probeResult : trainerEvent
    const line = Buffer.from(`${JSON.stringify(schema.parse(event))}\n`)
    let written = 0
    try {
      while (written < line.length) written += writeSome(fd, line.subarray(written))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') {
        readerGone = true
        onReaderGone()
        return
      }
      takeBack(fd, written)
      if (isNoSpace(error)) throw diskFull(`the events of this job (${code})`, disk, error)
      throw error
    }
  }

  const progress = (state: Progress) => {
    const at = now()
    const due =
      last === null || last.phase !== state.phase || at - last.at >= progressEveryMs || state.done === state.total
    if (!due) return
    last = { phase: state.phase, at }
    emit({ type: 'progress', ...state })
  }

  return { emit, progress }
}

/** A full pipe that does not block gives EAGAIN. Then this waits a moment for the pipe's reader. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return 0
  }
}

/** Removes a half-written line from a file. */
function takeBack(fd: number, bytes: number): void {
  if (bytes === 0) return
  const { size } = fstatSync(fd)
  if (size >= bytes) ftruncateSync(fd, size - bytes)
}

/** Returns a function that emits a warning, cut to what a log event holds. */
export const warner =
  (emitter: Emitter) =>
  (message: string): void =>
    emitter.emit({ type: 'log', level: 'warn', message: message.slice(0, longestLogMessage) })

/** Returns a function that tells how many bytes of the data are loaded. */
export const loadingProgress =
  (emitter: Emitter) =>
  (done: number, total: number): void =>
    emitter.progress({ phase: 'loading', done, total, unit: 'bytes', secondsLeft: null })
