export interface Several {
  count: number
  /** How much is under way at once. */
  capacity: number
  /** The share of the capacity that an item takes. */
  weight: (index: number) => number
  signal: AbortSignal
}

/**
 * Runs `work` for 0..count-1, started in order, as many at once as their weights allow. The first error ends it, once
 * what runs has ended.
 */
export async function severalAtOnce(
  { count, capacity, weight, signal }: Several,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  const errors: unknown[] = []
  let load = 0
  for (let index = 0; index < count && errors.length === 0 && !signal.aborted; index++) {
    const own = Math.min(capacity, weight(index))
    while (load + own > capacity) await Promise.race(running)
    load += own
    const task: Promise<void> = work(index)
      .catch((error: unknown) => void errors.push(error))
      .finally(() => {
        load -= own
        running.delete(task)
      })
    running.add(task)
  }
  await Promise.all(running)
  if (errors.length > 0) throw errors[0]
  signal.throwIfAborted()
}
