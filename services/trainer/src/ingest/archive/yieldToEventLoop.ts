/** How many entries are handled between two yields: some milliseconds of work. */
export const entriesPerTurn = 4096

/** Lets whatever waits run: signals, deadlines, progress. @throws the signal's reason */
export async function yieldToEventLoop(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate)
  signal.throwIfAborted()
}
