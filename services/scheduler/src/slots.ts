import { laneOf, type Lane } from '@imclr/contract'
import type { JobRow } from '@imclr/database'
import type { QueueWorker } from '@imclr/queue'
import type { Runner } from './launch/launcher.js'
import type { Scheduler } from './parts.js'
import { adoptJob, runJob } from './runJob.js'

/** The places where jobs run: for trainers, each with a number of its own (the device it may use), and beside them for preparations, which need none. */
export interface Slots {
  /** Goes on with a job of before a restart, in the slot it had where that is free. */
  adopt(job: JobRow, runner: Runner | null): void
  free(lane: Lane): number
  /** From now on every free slot takes work from the queue. */
  open(): Promise<void>
  /** Takes no more work, and waits for what runs to be settled. */
  close(): Promise<void>
}

/**
 * One queue worker per slot, so that a slot in which an adopted job runs takes nothing: the entry that it would hold back
 * may be another scheduler's to run. That a worker lost its lock on an entry does not matter: what counts is the lease in
 * the database, and whoever gets the entry a second time finds the job taken.
 */
export function makeSlots(scheduler: Scheduler): Slots {
  const { queue, config, log, running, metrics } = scheduler
  const place = (lane: Lane, index: number | null) => ({
    lane,
    index,
    busy: false,
    worker: null as Promise<QueueWorker> | null,
  })
  const slots = [
    ...Array.from({ length: config.slots }, (_, index) => place('device', index)),
    ...Array.from({ length: config.preparations }, () => place('preparation', null)),
  ]
  const work = new Set<Promise<void>>()
  let opened = false

  /** Only one of the queue and of reconciling has a job, from before its lease until it is settled. */
  async function see(jobId: string, through: () => Promise<void>): Promise<void> {
    if (running.has(jobId)) return
    running.set(jobId, () => {})
    metrics.running.inc()
    // Whatever goes wrong, the records stay as they are, and reconciling takes the job up again.
    const done = through().catch((err: unknown) =>
      log.error({ err, jobId }, 'this attempt could not be seen through; it is taken up again'),
    )
    work.add(done)
    await done
    work.delete(done)
    running.delete(jobId)
    metrics.running.dec()
  }

  async function takeWork(slot: (typeof slots)[number]): Promise<void> {
    if (!opened || slot.worker !== null || scheduler.closing.aborted) return
    slot.worker = queue.work(
      async ({ jobId }) => {
        slot.busy = true
        await see(jobId, () => runJob(scheduler, { jobId, slot: slot.index }))
        slot.busy = false
      },
      { concurrency: 1, lane: slot.lane },
    )
    await slot.worker
  }

  return {
    adopt(job, runner) {
      const idle = slots.filter(({ lane, busy, worker }) => lane === laneOf(job.kind) && !busy && worker === null)
      // With fewer slots than before, or where its slot works already, it runs beside them: it is better than to end it.
      const slot = idle.find(({ index }) => runner !== null && index === runner.slot) ?? idle[0]
      if (slot) slot.busy = true
      void see(job.id, () => adoptJob(scheduler, job, runner))
        .then(async () => {
          if (!slot) return
          slot.busy = false
          await takeWork(slot)
        })
        .catch((err: unknown) =>
          log.error({ err, lane: slot?.lane, slot: slot?.index }, 'this slot takes no work: the queue does not answer'),
        )
    },
    free: (of) => slots.filter(({ lane, busy }) => lane === of && !busy).length,
    async open() {
      opened = true
      await Promise.all(slots.filter(({ busy }) => !busy).map(takeWork))
    },
    async close() {
      const workers = await Promise.all(
        slots.map(async ({ worker }) => (worker === null ? null : worker.catch(() => null))),
      )
      // Workers take nothing more from now on, and end when their trainers have.
      const graceMs = (config.suspendGraceSeconds + 60) * 1000
      await Promise.all([...work, ...workers.map((worker) => worker?.close({ graceMs }))])
    },
  }
}
