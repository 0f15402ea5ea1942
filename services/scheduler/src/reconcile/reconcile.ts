/** Makes records, running trainers and the queue agree: at the start, and every few seconds. */
import { queueNames, queueOf } from '@imclr/contract'
import { cancelQueued, explainWaiting, listActive, listQueued, takeLease, type JobRow } from '@imclr/database'
import { leftoversOfQueued } from '@imclr/storage'
import { runner as storedRunner, type FoundTrainer } from '../launch/launcher.js'
import { fenceOf } from '../lease.js'
import type { Scheduler } from '../parts.js'
import type { Slots } from '../slots.js'

/** Entries put into each queue per round at most: those that are served first, which leave it first. */
const maxEntries = 200

export async function reconcile(scheduler: Scheduler, slots: Slots): Promise<void> {
  // Trainers first: one that is listed here, and is its job's current attempt in records that are read later, is not
  // superseded.
  const found = await scheduler.launcher.list()
  const active = await listActive(scheduler.database)
  await endOrphans(scheduler, found, active)
  await adoptLeft(scheduler, { slots, found, active })
  await scheduler.launcher.prune(new Set([...scheduler.running.keys(), ...active.map(({ id }) => id)]))
  await fillQueue(scheduler, slots)
  scheduler.metrics.reconciled.set(scheduler.clock.now() / 1000)
}

/**
 * Ends trainers of jobs that have ended, and of attempts that are not the current one: nobody will take their output.
 */
async function endOrphans(
  { launcher, log, running }: Scheduler,
  found: FoundTrainer[],
  active: JobRow[],
): Promise<void> {
  for (const { jobId, attempt, runner } of found) {
    if (active.some((job) => job.id === jobId && job.attempt === attempt)) continue
    if (attempt === 0 && running.has(jobId)) continue // a probe of this scheduler: it has no record
    log.warn({ jobId, attempt, runner: runner.label }, 'ending a trainer without a job')
    await launcher.send(runner, 'kill')
  }
}

/** Adopts jobs that no scheduler runs: ours from before a restart, and those whose scheduler has died. */
async function adoptLeft(
  scheduler: Scheduler,
  { slots, found, active }: { slots: Slots; found: FoundTrainer[]; active: JobRow[] },
): Promise<void> {
  const { database, config, running, log, closing } = scheduler
  for (const seen of active) {
    if (running.has(seen.id) || closing.aborted) continue
    const job = await takeLease(database, fenceOf(scheduler, seen), config.leaseSeconds)
    // The queue may have given it to this very scheduler meanwhile.
    if (job === null || running.has(job.id)) continue
    const runner =
      storedRunner.safeParse(job.runner).data ??
      found.find(({ jobId, attempt }) => jobId === job.id && attempt === job.attempt)?.runner ??
      null
    log.info(
      { jobId: job.id, attempt: job.attempt, runner: runner?.label ?? null },
      'adopting a job that was left running',
    )
    slots.adopt(job, runner)
  }
}

/**
 * Puts every job that may start into its queue, which keeps each once, and ends those that were cancelled meanwhile.
 */
async function fillQueue({ database, queue }: Scheduler, slots: Slots): Promise<void> {
  const queued = await listQueued(database)
  const ended = new Set<string>()
  for (const { id, kind, queueEntry, cancelRequested } of queued) {
    if (cancelRequested === null || !(await cancelQueued(database, id, leftoversOfQueued))) continue
    ended.add(id)
    await queue.remove({ jobId: id, entry: queueEntry }, queueOf(kind))
  }
  for (const name of queueNames) {
    const due = queued.filter(({ id, kind, dueIn }) => queueOf(kind) === name && dueIn <= 0 && !ended.has(id))
    for (const job of due.slice(0, maxEntries)) await queue.enqueue({ jobId: job.id, entry: job.queueEntry }, job)
    if (due.length > 0) await explainWaiting(database, name, slots.whyFull(name))
  }
}
