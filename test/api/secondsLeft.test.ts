import { describe, expect, it } from 'vitest'
import { secondsLeft, type RunTime } from '@imclr/api/experiment/testing'

const now = new Date('2026-01-01T12:00:00Z')
const ago = (seconds: number) => new Date(now.getTime() - 1000 * seconds)
const queued = (seconds: number): RunTime => ({
  state: 'queued',
  estimate: { seconds },
  progress: null,
  startedAt: null,
  finishedAt: null,
})
const running = (seconds: number, since: number, left: number | null): RunTime => ({
  state: 'running',
  estimate: { seconds },
  progress: { secondsLeft: left },
  startedAt: ago(since),
  finishedAt: null,
})
const ended = (seconds: number, took: number, state: RunTime['state'] = 'succeeded'): RunTime => ({
  state,
  estimate: { seconds },
  progress: null,
  startedAt: ago(took + 5),
  finishedAt: ago(5),
})

describe('the time that an experiment still takes', () => {
  it('is the sum of the estimates before any run has started, and null once all have ended', () => {
    expect(secondsLeft([queued(100), queued(200)], now)).toBe(300)
    expect(secondsLeft([ended(100, 90), ended(100, 10, 'failed')], now)).toBeNull()
  })

  it('learns from the runs that have started, and assumes as many at once as now', () => {
    // Both take twice their estimates. The first that waits begins in 140 s and takes 200, the second in 340 s and
    // takes 400.
    expect(secondsLeft([running(100, 60, 140), running(200, 60, 340), queued(100), queued(200)], now)).toBe(740)
  })

  it('learns from runs that succeeded, and not from failed or canceled ones', () => {
    expect(secondsLeft([ended(100, 50), ended(100, 1, 'failed'), ended(100, 1, 'canceled'), queued(100)], now)).toBe(50)
  })

  it('is no less than the longest run needs', () => {
    expect(secondsLeft([running(500, 10, 1000), running(500, 10, 10)], now)).toBe(1000)
    // A run that has just begun says nothing yet.
    expect(secondsLeft([running(500, 1, null), running(500, 1, null)], now)).toBe(500)
  })

  it('counts down while the last run waits for a slot', () => {
    expect(secondsLeft([running(100, 60, 40), running(100, 10, 90), queued(100)], now)).toBe(140)
    expect(secondsLeft([running(100, 80, 20), running(100, 30, 70), queued(100)], now)).toBe(120)
  })
})
