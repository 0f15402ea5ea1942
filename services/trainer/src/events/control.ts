/** What the outside asks of a running trainer: `stop` ends the training and keeps what there is, `suspend` leaves the rest to a later attempt. */
type Request = 'stop' | 'suspend'

export interface Control {
  /** The request so far; a suspension outranks a stop. Read it between two steps. */
  readonly request: Request | null
  ask(request: Request): void
  /** Aborted by any request, for work that is given up as a whole; the reason of a suspension is `Suspended`. */
  readonly signal: AbortSignal
  /** While true nothing is lost by ending at once: a suspension, one that was asked for before too, ends the process. */
  suspendAtOnce(yes: boolean): void
}

export interface ControlOptions {
  /** Where SIGTERM (stop) and SIGUSR2 (suspend) arrive. */
  signals: NodeJS.EventEmitter
  /** Ends the process as suspended. */
  end: () => void
}

/**
 * Listens to signals. SIGINT is ignored: a terminal sends Ctrl-C to the whole group of processes, and the scheduler in it
 * decides what that means for its trainers.
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

/** Thrown where a suspension takes effect: everything a later attempt needs has been written. */
export class Suspended extends Error {
  override readonly name = 'Suspended'
}
