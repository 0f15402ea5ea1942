import { queueOf, type QueueName } from '@imclr/contract'
import type { JobRow } from '@imclr/database'
import type { QueueWorker } from '@imclr/queue'
import type { Runner } from './launch/launcher.js'
import type { Scheduler } from './parts.js'
import { adoptJob, runJob } from './runJob.js'

/**
 * The slots in which jobs run, each served by one queue. A slot for trainings and evaluations has a number, which is
 * the device that its trainer may use; a slot for preparations has none.
 */
export interface Slots {
  /** Continues a job that was left running, in the slot it had where that is free. */
  adopt(job: JobRow, runner: Runner | null): void
  /**
   * Runs something that is no job in the first free slot for a device. Does nothing if no such slot is free. Call it
   * before `open`.
   */
  reserve(jobId: string, run: (slot: number) => Promise<void>): void
  /** Why a job of a queue has to wait, in words for the user; null: a slot is free. */
  whyFull(queue: QueueName): string | null
  /** Lets every free slot take work from its queue. */
  open(): Promise<void>
  /** Takes no more work, and waits until all running jobs are settled. */
  close(): Promise<void>
}

/**
 * Each slot has a queue worker of its own, so that a slot in which an adopted job runs takes no entry that another
 * scheduler could run. A worker may lose its lock on an entry without harm: the lease in the database decides, and a
 * worker that gets the entry a second time finds the job taken.
 */
export function makeSlots(scheduler: Scheduler): Slots {
  const { queue, config, log, running, metrics } = scheduler
  const makeSlot = (servedBy: QueueName, index: number | null) => ({
    servedBy,
    index,
    busy: false,
    reserved: false,
    worker: null as Promise<QueueWorker> | null,
  })
  const slots = [
    ...Array.from({ length: config.slots }, (_, index) => makeSlot('device', index)),
    ...Array.from({ length: config.preparations }, () => makeSlot('preparation', null)),
  ]
  const work = new Set<Promise<void>>()
  let opened = false

  /**
   * Runs a job unless it runs here already: the queue and reconciling may both come with it. It counts as running from
   * before its lease is taken until it is settled.
   */
  async function track(jobId: string, run: () => Promise<void>): Promise<void> {
    if (running.has(jobId)) return
    running.set(jobId, () => {})
    metrics.running.inc()
    // Whatever goes wrong, the records stay as they are, and reconciling adopts the job.
    const done = run().catch((err: unknown) =>
      log.error({ err, jobId }, 'the attempt could not be supervised to its end; reconciling will adopt it'),
    )
    work.add(done)
    await done
    work.delete(done)
    running.delete(jobId)
    metrics.running.dec()
  }

  /** Keeps a slot busy with `run`, then lets it take work. */
  function occupy(slot: (typeof slots)[number], run: () => Promise<void>): void {
    slot.busy = true
    void run()
      .then(async () => {
        slot.busy = false
        await takeWork(slot)
      })
      .catch((err: unknown) =>
        log.error(
          { err, queue: slot.servedBy, slot: slot.index },
          'this slot takes no work: the queue does not answer',
        ),
      )
  }

  async function takeWork(slot: (typeof slots)[number]): Promise<void> {
    if (!opened || slot.worker !== null || scheduler.closing.aborted) return
    slot.worker = queue.work(
      async ({ jobId }) => {
        slot.busy = true
        await track(jobId, () => runJob(scheduler, { jobId, slot: slot.index }))
        slot.busy = false
      },
      { queue: slot.servedBy, concurrency: 1 },
    )
    await slot.worker
  }

  return {
    adopt(job, runner) {
      const idle = slots.filter(
        ({ servedBy, busy, worker }) => servedBy === queueOf(job.kind) && !busy && worker === null,
      )
      // Where no slot is free (there are fewer than before), the job runs beside them, which is better than to end it.
      const slot = idle.find(({ index }) => runner !== null && index === runner.slot) ?? idle[0]
      const adopted = (): Promise<void> => track(job.id, () => adoptJob(scheduler, job, runner))
      if (slot) occupy(slot, adopted)
      else void adopted()
    },
    reserve(jobId, run) {
      const slot = slots.find(({ servedBy, busy, worker }) => servedBy === 'device' && !busy && worker === null)
      if (!slot) return
      slot.reserved = true
      occupy(slot, async () => {
        await track(jobId, () => run(slot.index!))
        slot.reserved = false
      })
    },
    whyFull(name) {
      const served = slots.filter(({ servedBy }) => servedBy === name)
      if (served.some(({ busy }) => !busy)) return null
      return served.some(({ reserved }) => reserved) ? reservedReason : fullReason[name]
    },
    async open() {
      opened = true
      await Promise.all(slots.filter(({ busy }) => !busy).map(takeWork))
    },
    async close() {
      const workers = await Promise.all(
        slots.map(async ({ worker }) => (worker === null ? null : worker.catch(() => null))),
      )
      // Workers take no more entries from now on, and end when their trainers have ended.
      const graceMs = (config.suspendGraceSeconds + 60) * 1000
      await Promise.all([...work, ...workers.map((worker) => worker?.close({ graceMs }))])
    },
  }
}

const fullReason: Readonly<Record<QueueName, string>> = {
  device: 'All slots for trainers are taken; it starts when one is free.',
  preparation: 'Another data set is being prepared; it starts when that is done.',
}
const reservedReason = 'The speed of the machine is being measured, for estimates; it starts in some seconds.'
