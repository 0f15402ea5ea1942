import { Failure, type FailureCode } from './failure.js'

/**
 * The part of Node's `process` that a service's main function needs. It is an argument because contract itself has no
 * I/O.
 */
export interface ServiceProcess {
  on(event: StopSignal, listener: (signal: StopSignal) => void): unknown
  exit(code: number): never
  stderr: { write(text: string): unknown }
}

type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'
const stopSignals: StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** The exit code that a shell reports for a program that Ctrl-C ended: 128 + SIGINT. */
const interruptedExitCode = 130

/**
 * Waits until the process is told to stop. A second signal ends it at once; nothing that was acknowledged is lost then.
 */
export function stopSignal(process: ServiceProcess): Promise<StopSignal> {
  return new Promise((resolve) => {
    let stopping = false
    for (const name of stopSignals)
      process.on(name, (signal) => {
        if (stopping) process.exit(interruptedExitCode)
        stopping = true
        resolve(signal)
      })
  })
}

/**
 * Runs a service's main function, then ends the process with 0, or with 1 and a message for the person who started it.
 */
export async function runService(
  main: () => Promise<void>,
  { name, process }: { name: string; process: ServiceProcess },
): Promise<never> {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`${name}: ${describeError(error)}\n`)
    return process.exit(1)
  }
  return process.exit(0)
}

/** Failures whose messages say what to do. */
const selfExplaining: FailureCode[] = ['BAD_INPUT', 'CONFLICT', 'FORBIDDEN']

/**
 * Returns a failure's message, with its hint if the message does not say what to do. Any other error is a bug and gives
 * its stack.
 */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof Failure)) return error.stack ?? error.message
  return selfExplaining.includes(error.code) ? error.message : `${error.message}\n  ${error.record.hint}`
}
