import { renewLease, type Fence, type JobRow } from '@imclr/database'
import type { CancelMode } from '@imclr/contract'
import type { Scheduler } from './parts.js'

/** The fence of an attempt that this scheduler runs. */
export const fenceOf = ({ config: { owner } }: Pick<Scheduler, 'config'>, { id, attempt }: JobRow): Fence => ({
  jobId: id,
  attempt,
  owner,
})

export interface Lease extends AsyncDisposable {
  /** Another scheduler may have the job: nothing more may be written for it, and its trainer must go. */
  readonly lost: boolean
  readonly cancelRequested: CancelMode | null
  /** What came to light elsewhere: the answer to a write. */
  saw(row: { cancelRequested: CancelMode | null }): void
  lose(): void
}

/**
 * Keeps the lease of one attempt while it lasts. It counts as lost when the database says so, and also when the database
 * does not answer and the lease has run out: by then another scheduler may have taken the job. That it has run out alone
 * means nothing (a laptop was asleep). News of the job make it ask at once.
 */
export function keepLease(scheduler: Scheduler, job: JobRow): Lease {
  const { database, config, clock, log, running } = scheduler
  const fence = fenceOf(scheduler, job)
  let { cancelRequested } = job
  let until = clock.now() + config.leaseSeconds * 1000
  let lost = false
  let over = false
  let wake = new AbortController()

  async function keep(): Promise<void> {
    while (!over && !lost) {
      await clock.sleep(config.leaseSeconds * 250, wake.signal)
      if (over) return
      // A trainer's own events are news too: asking a few times per second is enough.
      if (wake.signal.aborted) await clock.sleep(Math.min(200, config.leaseSeconds * 50))
      wake = new AbortController()
      const asked = clock.now()
      try {
        const row = await renewLease(database, fence, config.leaseSeconds)
        if (row === null) lost = true
        else {
          until = asked + config.leaseSeconds * 1000
          cancelRequested = row.cancelRequested
        }
      } catch (err) {
        if (clock.now() >= until) lost = true
        log.warn({ err, ...fence, lost }, 'the lease could not be renewed')
        await clock.sleep(Math.min(1000, config.leaseSeconds * 100))
      }
    }
  }
  const keeping = keep()
  const look = (): void => wake.abort()
  running.set(job.id, look)

  return {
    get lost() {
      return lost
    },
    get cancelRequested() {
      return cancelRequested
    },
    saw(row) {
      cancelRequested = row.cancelRequested
    },
    lose() {
      lost = true
    },
    async [Symbol.asyncDispose]() {
      over = true
      wake.abort()
      await keeping
    },
  }
}
