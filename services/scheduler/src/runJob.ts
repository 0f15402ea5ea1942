/** The life of one attempt, from the queue's entry to the job's record. */
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { diskFull, Failure, isNoSpace } from '@imclr/contract'
import { claimJob, isConnectionError, storeRunner, type JobRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import { followTrainer } from './follow/followTrainer.js'
import type { Runner } from './launch/launcher.js'
import { writeJobFile } from './launch/writeJobFile.js'
import { fenceOf, keepLease, type Lease } from './lease.js'
import type { Scheduler } from './parts.js'
import { settle, settleUnlaunched } from './settle/settle.js'

/** Claims a queued job and sees one attempt of it through. A job that is not queued any more is left alone: entries may come twice. */
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
  else await attend(scheduler, { job, runner, lease })
}

/**
 * Goes on with an attempt that an earlier scheduler started, whether its trainer still lives or not; null: it was never
 * launched. The lease is ours already.
 */
export async function adoptJob(scheduler: Scheduler, job: JobRow, runner: Runner | null): Promise<void> {
  await using lease = keepLease(scheduler, job)
  if (runner === null) return settleUnlaunched(scheduler, job, null)
  if (!scheduler.launcher.isOurs(runner))
    return settleUnlaunched(
      scheduler,
      job,
      new Failure('TRAINER_DIED', `The scheduler on ${runner.host} that ran it gave no sign of life.`),
    )
  await storeRunner(scheduler.database, fenceOf(scheduler, job), { ...runner })
  await attend(scheduler, { job, runner, lease })
}

/** Starts the trainer; a failure is what kept it from starting, and nothing runs then. */
async function launch(scheduler: Scheduler, job: JobRow, slot: number | null): Promise<Runner | Failure> {
  let runner: Runner
  try {
    const workDir = await writeJobFile(scheduler, job)
    runner = await scheduler.launcher.launch({ jobId: job.id, attempt: job.attempt, workDir, slot })
  } catch (error) {
    if (isConnectionError(error)) throw error
    if (error instanceof Failure) return error
    if (isNoSpace(error))
      return diskFull("the job's folder", { host: hostname(), folder: scheduler.config.workDir }, error)
    return new Failure('INTERNAL', `the job's folder could not be made: ${(error as Error).message}`, { cause: error })
  }
  scheduler.log.info({ jobId: job.id, attempt: job.attempt, pid: runner.pid }, 'trainer started')
  // Where this write fails, the trainer is found again by what it carries in its environment.
  await storeRunner(scheduler.database, fenceOf(scheduler, job), { ...runner })
  return runner
}

/** Follows the trainer until its process is gone, then draws the conclusions. */
async function attend(
  scheduler: Scheduler,
  { job, runner, lease }: { job: JobRow; runner: Runner; lease: Lease },
): Promise<void> {
  const { log } = scheduler
  const followed = await followTrainer(scheduler, { job, runner, lease })
  if (lease.lost)
    return log.warn(
      { jobId: job.id, attempt: job.attempt },
      'the lease was lost; the trainer was ended and nothing more is written',
    )
  await settle(scheduler, { job, runner, lease, followed })
  await rm(dirname(runner.workDir), { recursive: true, force: true })
}
