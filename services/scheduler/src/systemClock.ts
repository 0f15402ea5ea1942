import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './parts.js'

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    if (signal?.aborted) return
    await delay(milliseconds, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
  },
}
