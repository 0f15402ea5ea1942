import type { Database } from '@imclr/database'

/** Wakes the followers of a job. All of them share one connection to the database. */
export interface JobSignals {
  follow(jobId: string): JobFollower
  /** How many followers there are. */
  count(): number
  closed(): boolean
  /** Wakes all followers, and lets none wait any more. */
  close(): Promise<void>
}

interface JobFollower extends Disposable {
  /**
   * Resolves when the job has changed since the last call, when `signal` aborts, and after `atMostMs` at the latest.
   */
  waitForUpdate(atMostMs: number, signal?: AbortSignal): Promise<void>
}

export async function listenToJobs(database: Database): Promise<JobSignals> {
  const followersOf = new Map<string, Set<() => void>>()
  let followerCount = 0
  let closed = false
  const wakeFollowers = (jobId: string): void => followersOf.get(jobId)?.forEach((onUpdate) => onUpdate())
  const wakeAll = (): void => [...followersOf.keys()].forEach(wakeFollowers)
  // Notifications of any job may have been lost with the connection.
  const stop = await database.listen('job', (jobId) => (jobId === null ? wakeAll() : wakeFollowers(jobId)))
  return {
    count: () => followerCount,
    closed: () => closed,
    follow(jobId) {
      let hasUpdate = false // since the last wait
      let wake: (() => void) | null = null
      const onUpdate = (): void => {
        hasUpdate = true
        wake?.()
      }
      const set = followersOf.get(jobId) ?? new Set()
      followersOf.set(jobId, set.add(onUpdate))
      followerCount++
      return {
        async waitForUpdate(atMostMs, signal) {
          if (!hasUpdate && !closed && signal?.aborted !== true) {
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
          hasUpdate = false
        },
        [Symbol.dispose]() {
          set.delete(onUpdate)
          if (set.size === 0 && followersOf.get(jobId) === set) followersOf.delete(jobId)
          followerCount--
        },
      }
    },
    async close() {
      closed = true
      wakeAll()
      await stop()
    },
  }
}
