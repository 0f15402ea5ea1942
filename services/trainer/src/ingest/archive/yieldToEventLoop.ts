/** How many entries are gone through before others get their turn: some milliseconds. */
export const entriesPerTurn = 4096

/** Lets everything else that waits have its turn: signals, deadlines, progress. @throws the signal's reason */
export async function yieldToEventLoop(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate)
  signal.throwIfAborted()
}
