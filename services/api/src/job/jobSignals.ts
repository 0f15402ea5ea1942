import type { Database } from '@imclr/database'

/** Wakes those who follow a job. One database connection per process, whatever their number. */
export interface JobSignals {
  follow(jobId: string): Bell
  /** Followers at this moment. */
  count(): number
  closed(): boolean
  /** Wakes all of them, for good. */
  close(): Promise<void>
}

interface Bell extends Disposable {
  /** Resolves when the job has news since the last time, after `atMostMs` at the latest, or when `signal` aborts. */
  rung(atMostMs: number, signal?: AbortSignal): Promise<void>
}

export async function listenToJobs(database: Database): Promise<JobSignals> {
  const bells = new Map<string, Set<() => void>>()
  let followers = 0
  let closed = false
  const ring = (jobId: string): void => bells.get(jobId)?.forEach((onNews) => onNews())
  const ringAll = (): void => [...bells.keys()].forEach(ring)
  // A lost connection may have swallowed news of any job.
  const stop = await database.listen('job', (jobId) => (jobId === null ? ringAll() : ring(jobId)))
  return {
    count: () => followers,
    closed: () => closed,
    follow(jobId) {
      let news = false // that came while nobody waited
      let wake: (() => void) | null = null
      const onNews = (): void => {
        news = true
        wake?.()
      }
      const set = bells.get(jobId) ?? new Set()
      bells.set(jobId, set.add(onNews))
      followers++
      return {
        async rung(atMostMs, signal) {
          if (!news && !closed && signal?.aborted !== true) {
            const done = new AbortController()
            await new Promise<void>((resolve) => {
              wake = resolve
              const timer = setTimeout(resolve, atMostMs)
              done.signal.addEventListener('abort', () => clearTimeout(timer))
              signal?.addEventListener('abort', () => resolve(), { signal: done.signal })
            })
            done.abort()
            wake = null
          }
          news = false
        },
        [Symbol.dispose]() {
          set.delete(onNews)
          if (set.size === 0 && bells.get(jobId) === set) bells.delete(jobId)
          followers--
        },
      }
    },
    async close() {
      closed = true
      ringAll()
      await stop()
    },
  }
}
