import type { Progress } from '@imclr/contract'

export interface Meter {
  phase: Progress['phase']
  unit: string
  total: number
  /** Gets every state. The receiver decides which to pass on. */
  progress: (state: Progress) => void
  /** Milliseconds. */
  now: () => number
}

/** Counts what is done of a phase and reports it with speed (for images) and the time left of the phase. */
export function progressMeter({ phase, unit, total, progress, now }: Meter): (more: number) => void {
  const start = now()
  let done = 0
  return (more) => {
    done += more
    const perSecond = (done * 1000) / Math.max(1, now() - start)
    progress({
      phase,
      done,
      total,
      unit,
      ...(unit === 'images' ? { imagesPerSecond: perSecond } : {}),
      secondsLeft: Math.max(0, (total - done) / perSecond),
    })
  }
}
