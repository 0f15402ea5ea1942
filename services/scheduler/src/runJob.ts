/** The life of one attempt, from the queue's entry to the job's record. */
import { Failure } from '@imclr/contract'
import { claimJob, isConnectionError, storeLaunchProgress, storeRunner, type JobRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import { followTrainer } from './follow/followTrainer.js'
import type { Runner } from './launch/launcher.js'
import { makeJobFile } from './launch/makeJobFile.js'
import { patientLauncher } from './launch/patientLauncher.js'
import { fenceOf, keepLease, type Lease } from './lease.js'
import type { Scheduler } from './parts.js'
import { settle, settleUnlaunched } from './settle/settle.js'

/**
 * Claims a queued job and runs one attempt of it to its end. Does nothing where the job is not queued any more: an
 * entry may come twice.
 */
export async function runJob(
  scheduler: Scheduler,
  { jobId, slot }: { jobId: string; slot: number | null },
): Promise<void> {
  const {
    database,
    config: { owner, leaseSeconds },
    closing,
  } = scheduler
  if (closing.aborted) return
  const outputPrefix = (job: { projectId: string; id: string; attempt: number }) =>
    keys.output(job.projectId, job.id, job.attempt)
  const job = await claimJob(database, { jobId, owner, leaseSeconds, outputPrefix })
  if (job === null) return
  await using lease = keepLease(scheduler, job)
  const runner = await launch(scheduler, job, slot)
  if (runner instanceof Failure) await settleUnlaunched(scheduler, job, runner)
  else await superviseAttempt(scheduler, { job, runner, lease })
}

/**
 * Continues an attempt that an earlier scheduler started, whether its trainer still runs or not; without a runner, the
 * attempt was never launched. The caller has taken the lease.
 */
export async function adoptJob(scheduler: Scheduler, job: JobRow, runner: Runner | null): Promise<void> {
  await using lease = keepLease(scheduler, job)
  if (runner === null) return settleUnlaunched(scheduler, job, null)
  if (!scheduler.launcher.owns(runner))
    return settleUnlaunched(
      scheduler,
      job,
      new Failure('TRAINER_DIED', `The scheduler that ran it (${runner.label}) gave no sign of life.`),
    )
  await storeRunner(scheduler.database, fenceOf(scheduler, job), { ...runner })
  await superviseAttempt(scheduler, { job, runner, lease })
}

/** Starts the trainer. Returns the failure where it could not be started. */
async function launch(scheduler: Scheduler, job: JobRow, slot: number | null): Promise<Runner | Failure> {
  let runner: Runner
  const pull = showPull(scheduler, job)
  try {
    runner = await scheduler.launcher.launch({ job: await makeJobFile(scheduler, job), slot, onPull: pull.show })
    await pull.shown()
  } catch (error) {
    if (isConnectionError(error)) throw error
    if (error instanceof Failure) return error
    return new Failure('INTERNAL', `the job could not be launched: ${(error as Error).message}`, { cause: error })
  }
  scheduler.log.info({ jobId: job.id, attempt: job.attempt, runner: runner.label }, 'trainer started')
  // Where this write fails, reconciling finds the trainer among those that the launcher lists.
  await storeRunner(scheduler.database, fenceOf(scheduler, job), { ...runner })
  return runner
}

/** Shows in the job how far its trainer's image is fetched, about once a second. */
function showPull(
  { database, clock, log, config: { owner } }: Scheduler,
  { id: jobId, attempt }: JobRow,
): { show: (done: number, total: number) => void; shown: () => Promise<void> } {
  let last = -Infinity
  let writing = Promise.resolve()
  return {
    show(done, total) {
      if (clock.now() - last < 1000) return
      last = clock.now()
      const progress = { phase: 'pulling', done, total, unit: 'bytes', secondsLeft: null } as const
      writing = writing
        .then(() => storeLaunchProgress(database, { jobId, attempt, owner }, progress))
        .catch((err: unknown) => log.warn({ err, jobId }, 'the progress of the pull could not be stored'))
    },
    shown: () => writing,
  }
}

/** Follows the trainer until it has ended, then records the result and deletes what the trainer left. */
async function superviseAttempt(
  scheduler: Scheduler,
  { job, runner, lease }: { job: JobRow; runner: Runner; lease: Lease },
): Promise<void> {
  const launcher = patientLauncher(scheduler)
  const result = await followTrainer(scheduler, { job, runner, lease, launcher })
  if (lease.lost)
    return scheduler.log.warn(
      { jobId: job.id, attempt: job.attempt },
      'the lease was lost; the trainer was ended and nothing more is written',
    )
  await settle(scheduler, { job, runner, lease, result, launcher })
  await launcher.remove(runner)
}
