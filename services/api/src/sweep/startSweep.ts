import { sweep, type SweepParts } from './sweep.js'

/** Sweeps every so often until it is stopped; `stop` waits for a sweep at work. */
export function startSweep(
  parts: SweepParts,
  { everySeconds = 60 }: { everySeconds?: number } = {},
): { stop(): Promise<void> } {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()
  const later = (): void => {
    if (stopped) return
    timer = setTimeout(() => {
      current = once()
    }, everySeconds * 1000)
    timer.unref()
  }
  const once = async (): Promise<void> => {
    try {
      const swept = await sweep(parts)
      if (Object.values(swept).some((count) => count > 0)) parts.log.info(swept, 'swept')
    } catch (error) {
      parts.log.error({ err: error }, 'sweep failed')
    }
    later()
  }
  later()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await current
    },
  }
}
