/**
 * A request to a running trainer. `stop` ends the training and keeps the model so far. `suspend` leaves the rest to a
 * later attempt.
 */
type Request = 'stop' | 'suspend'

export interface Control {
  /** The request so far. A suspension outranks a stop. Read this between two steps. */
  readonly request: Request | null
  ask(request: Request): void
  /**
   * Any request aborts this signal. It serves work that is given up as a whole. The reason of a suspension is
   * `Suspended`.
   */
  readonly signal: AbortSignal
  /**
   * Pass true while ending at once loses nothing: then a suspension ends the process, even one that was requested
   * before.
   */
  suspendAtOnce(yes: boolean): void
}

export interface ControlOptions {
  /** The emitter that receives SIGTERM (stop) and SIGUSR2 (suspend). */
  signals: NodeJS.EventEmitter
  /** Ends the process as suspended. */
  end: () => void
}

/**
 * Listens to signals. It ignores SIGINT: a terminal sends Ctrl-C to the whole process group, and the scheduler in that
 * group decides what it means for its trainers.
 */
export function listenForSignals({ signals, end }: ControlOptions): Control {
  let request: Request | null = null
  let atOnce = false
  const abort = new AbortController()
  const ask = (wanted: Request) => {
    if (request !== 'suspend') request = wanted
    abort.abort(wanted === 'suspend' ? new Suspended('suspended on request') : undefined)
    if (request === 'suspend' && atOnce) end()
  }
  signals.on('SIGTERM', () => ask('stop'))
  signals.on('SIGUSR2', () => ask('suspend'))
  signals.on('SIGINT', () => {})
  return {
    get request() {
      return request
    },
    ask,
    signal: abort.signal,
    suspendAtOnce(yes) {
      atOnce = yes
      if (atOnce && request === 'suspend') end()
    },
  }
}

/** Thrown when a suspension takes effect. By then everything that a later attempt needs has been written. */
export class Suspended extends Error {
  override readonly name = 'Suspended'
}
