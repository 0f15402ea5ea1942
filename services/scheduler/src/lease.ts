import { renewLease, type Fence, type JobRow } from '@imclr/database'
import type { CancelMode } from '@imclr/contract'
import type { Scheduler } from './parts.js'

/** The fence of an attempt that this scheduler runs: what a write to the job's row must match. */
export const fenceOf = ({ config: { owner } }: Pick<Scheduler, 'config'>, { id, attempt }: JobRow): Fence => ({
  jobId: id,
  attempt,
  owner,
})

export interface Lease extends AsyncDisposable {
  /** Another scheduler may have the job: nothing more may be written for it, and its trainer must end. */
  readonly lost: boolean
  readonly cancelRequested: CancelMode | null
  /** Takes over what another write to the job's row has read. */
  update(row: { cancelRequested: CancelMode | null }): void
  /** Another write found that the job is another scheduler's. */
  lose(): void
}

/**
 * Renews the lease of one attempt until it is disposed of. The lease counts as lost when the database says so, and also
 * when the database does not answer and the lease has run out: by then another scheduler may have taken the job. A
 * lease that has merely run out is not lost (a laptop was asleep). An update of the job makes it ask at once.
 */
export function keepLease(scheduler: Scheduler, job: JobRow): Lease {
  const { database, config, clock, log, running } = scheduler
  const fence = fenceOf(scheduler, job)
  let { cancelRequested } = job
  let until = clock.now() + config.leaseSeconds * 1000
  let lost = false
  let disposed = false
  let wake = new AbortController()

  async function renewUntilDisposed(): Promise<void> {
    while (!disposed && !lost) {
      await clock.sleep(config.leaseSeconds * 250, wake.signal)
      if (disposed) return
      // A trainer's own events update the job too: asking a few times per second is enough.
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
  const renewing = renewUntilDisposed()
  running.set(job.id, () => wake.abort())

  return {
    get lost() {
      return lost
    },
    get cancelRequested() {
      return cancelRequested
    },
    update(row) {
      cancelRequested = row.cancelRequested
    },
    lose() {
      lost = true
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      wake.abort()
      await renewing
    },
  }
}
