import { mkdir } from 'node:fs/promises'
import { cancelQueued, lockFolder, renewQueueEntries } from '@imclr/database'
import { leftoversOfQueued } from '@imclr/storage'
import { makeMetrics, type Metrics } from './metrics.js'
import type { Scheduler, SchedulerParts } from './parts.js'
import { probeMachine } from './probeMachine.js'
import { reconcile } from './reconcile/reconcile.js'
import { makeSlots } from './slots.js'

export interface RunningScheduler {
  metrics: Metrics
  /** Throws Failure UNAVAILABLE or STORE_UNAVAILABLE where a part does not answer. */
  check(): Promise<void>
  /**
   * Takes no more work, suspends the trainers (each leaves a checkpoint, and its job is queued again), and unlocks the
   * work folder.
   */
  close(): Promise<void>
}

/**
 * Starts a scheduler: adopts the jobs that an earlier one left running, then takes work from the queues into its slots.
 * Returns once it takes work. Throws Failure CONFLICT where another process has locked the work folder.
 */
export async function startScheduler(parts: SchedulerParts): Promise<RunningScheduler> {
  const { database, config, clock, log } = parts
  await mkdir(config.workDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(config.workDir)
  const closing = new AbortController()
  const scheduler: Scheduler = { ...parts, metrics: makeMetrics(), closing: closing.signal, running: new Map() }
  const slots = makeSlots(scheduler)
  scheduler.metrics.slots.set(config.slots)

  const unsubscribe = await database.listen('job', onJobUpdate)
  try {
    await renewQueueEntries(database)
    await reconcile(scheduler, slots)
    await probeMachine(scheduler, slots)
    await slots.open()
    const reconciling = keepReconciling()
    log.info({ owner: config.owner, slots: config.slots, workDir: config.workDir }, 'scheduler started')
    return {
      metrics: scheduler.metrics,
      check,
      async close() {
        closing.abort()
        await Promise.all([slots.close(), reconciling])
        await unsubscribe()
        await unlock()
        log.info('scheduler closed')
      },
    }
  } catch (error) {
    closing.abort()
    await slots.close().catch((err: unknown) => log.error({ err }, 'slots did not close'))
    await unsubscribe()
    await unlock()
    throw error
  }

  /**
   * A job's row was updated (null: any may have been). A job that runs here looks for a cancel request; a waiting one
   * is cancelled where somebody asked for it.
   */
  function onJobUpdate(jobId: string | null): void {
    if (jobId === null) scheduler.running.forEach((checkLease) => checkLease())
    else if (scheduler.running.has(jobId)) scheduler.running.get(jobId)!()
    else
      void cancelQueued(database, jobId, leftoversOfQueued).catch((err: unknown) =>
        log.warn({ err, jobId }, 'the job was not checked for a cancel request; reconciling will check it'),
      )
  }

  async function keepReconciling(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(config.reconcileSeconds * 1000, closing.signal)
      if (closing.signal.aborted) return
      await reconcile(scheduler, slots).catch((err: unknown) =>
        log.error({ err }, 'records, trainers and queue could not be compared; trying again'),
      )
    }
  }

  async function check(): Promise<void> {
    await Promise.all([database.check(), parts.store.check(), parts.queue.check()])
  }
}
