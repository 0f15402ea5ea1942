import { mkdir } from 'node:fs/promises'
import { cancelQueued, lockFolder, renewQueueEntries } from '@imclr/database'
import { leftoversOfQueued } from '@imclr/storage'
import { makeMetrics, type Metrics } from './metrics.js'
import type { Scheduler, SchedulerParts } from './parts.js'
import { reconcile } from './reconcile/reconcile.js'
import { makeSlots } from './slots.js'

export interface RunningScheduler {
  metrics: Metrics
  /** Throws Failure UNAVAILABLE (or the store's own) where a part does not answer. */
  check(): Promise<void>
  /** Takes no more work, suspends the trainers (each leaves a checkpoint and goes back to the queue), and lets go of the work folder. */
  close(): Promise<void>
}

/**
 * Starts a scheduler: takes up what an earlier one left, then takes work from the queue into its slots. It returns when it
 * does. Throws Failure CONFLICT where another process has the work folder.
 */
export async function startScheduler(parts: SchedulerParts): Promise<RunningScheduler> {
  const { database, config, clock, log } = parts
  await mkdir(config.workDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(config.workDir)
  const closing = new AbortController()
  const scheduler: Scheduler = { ...parts, metrics: makeMetrics(), closing: closing.signal, running: new Map() }
  const slots = makeSlots(scheduler)
  scheduler.metrics.slots.set(config.slots)

  const deaf = await database.listen('job', hear)
  try {
    await renewQueueEntries(database)
    await reconcile(scheduler, slots)
    await slots.open()
    const reconciling = keepReconciling()
    log.info({ owner: config.owner, slots: config.slots, workDir: config.workDir }, 'scheduler started')
    return {
      metrics: scheduler.metrics,
      check,
      async close() {
        closing.abort()
        await Promise.all([slots.close(), reconciling])
        await deaf()
        await unlock()
        log.info('scheduler closed')
      },
    }
  } catch (error) {
    closing.abort()
    await slots.close().catch((err: unknown) => log.error({ err }, 'slots did not close'))
    await deaf()
    await unlock()
    throw error
  }

  /** News of a job: one that runs here looks for a cancel request; one that waits may have been cancelled. */
  function hear(jobId: string | null): void {
    if (jobId === null) scheduler.running.forEach((look) => look())
    else if (scheduler.running.has(jobId)) scheduler.running.get(jobId)!()
    else
      void cancelQueued(database, jobId, leftoversOfQueued).catch((err: unknown) =>
        log.warn({ err, jobId }, 'not looked at; reconciling will'),
      )
  }

  async function keepReconciling(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(config.reconcileSeconds * 1000, closing.signal)
      if (closing.signal.aborted) return
      await reconcile(scheduler, slots).catch((err: unknown) =>
        log.error({ err }, 'records and processes could not be compared; trying again'),
      )
    }
  }

  async function check(): Promise<void> {
    await Promise.all([database.check(), parts.store.check(), parts.queue.check()])
  }
}
