import { setTimeout as delay } from 'node:timers/promises'

const patienceMs = 30_000

/** Asks again and again until the answer fits, and returns it. Throws if none fits in time. */
export async function eventually<T>(ask: () => T | Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await delay(5)) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > deadline) throw new Error('the condition was not met in time')
  }
}

/** Waits until the condition holds. Throws if it does not hold in time. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> =>
  void (await eventually(condition, Boolean))
