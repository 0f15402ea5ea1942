/** One line that a terminal draws over and over; elsewhere it is printed now and then. */
export interface ProgressLine {
  show(text: string): void
  /** Replaces the line by its final text. */
  end(text: string): void
}

export function progressLine(output: NodeJS.WriteStream, everyMs = 10_000): ProgressLine {
  let saidAt = 0
  const clear = output.isTTY ? '\r\x1b[2K' : ''
  return {
    show(text) {
      if (output.isTTY) output.write(clear + text.slice(0, (output.columns ?? 100) - 1))
      else if (Date.now() - saidAt >= everyMs) {
        saidAt = Date.now()
        output.write(`${text}\n`)
      }
    },
    end: (text) => {
      output.write(`${clear}${text}\n`)
    },
  }
}

export function bar(done: number, total: number, width = 24): string {
  const filled = total > 0 ? Math.round(width * Math.min(1, done / total)) : 0
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
}

export const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`
