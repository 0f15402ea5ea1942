import { randomBytes } from 'node:crypto'
import { Failure, makeId } from '@imclr/contract'
import { cancelQueued, finishJob, requeueJob, type Finish, type JobRow, type Result } from '@imclr/database'
import { leftovers, leftoversOfQueued } from '@imclr/storage'
import type { AttemptResult } from '../follow/followTrainer.js'
import type { Runner } from '../launch/launcher.js'
import type { Supervision } from '../launch/patientLauncher.js'
import { fenceOf, type Lease } from '../lease.js'
import type { Scheduler } from '../parts.js'
import { decideOutcome, failedBy, type Outcome, type OutputEvent } from './decideOutcome.js'
import { endOfLog } from './endOfLog.js'
import { summaryOf } from './summaryOf.js'
import { verifyArtifact, verifyEvaluation, verifyVersion } from './verifyOutput.js'

interface EndedAttempt {
  job: JobRow
  runner: Runner
  lease: Lease
  result: AttemptResult
  launcher: Supervision
}

/**
 * Records what came of an attempt: registers a verified output, records a failure, or queues the job again. Where the
 * store or the database does not answer, it throws and changes nothing; reconciling tries again.
 */
export async function settle(
  scheduler: Scheduler,
  { job, runner, lease, result, launcher }: EndedAttempt,
): Promise<void> {
  const { lastWord, stalled, suspended, secondsSpent, hasCheckpoint } = result
  const ending = {
    exit: await launcher.exit(runner),
    lastWord,
    stalled,
    suspended,
    cancelRequested: lease.cancelRequested,
    kind: job.kind,
    timeUp: job.secondsSpent + secondsSpent >= job.limits.maxSeconds,
    maxSeconds: job.limits.maxSeconds,
    failedAttempts: job.failedAttempts,
    maxAttempts: job.limits.maxAttempts,
    hasCheckpoint,
    firstDelaySeconds: scheduler.config.retryDelaySeconds,
  }
  const outcome = decideOutcome(ending)
  const log = await endOfLog(launcher, runner, outcome)
  if (outcome.kind !== 'keep') return conclude(scheduler, { job, outcome, secondsSpent, log, hasCheckpoint })
  try {
    const output = await verified(scheduler, job, outcome.output)
    await finish(scheduler, job, { ...outcome, result: output, secondsSpent, log })
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'ARTIFACT_INVALID') throw error
    await conclude(scheduler, { job, outcome: failedBy(ending, error.record), secondsSpent, log, hasCheckpoint })
  }
}

/**
 * Records an attempt whose trainer never ran: it could not be started, or (null) the scheduler died first, which does
 * not count as a failure.
 */
export async function settleUnlaunched(scheduler: Scheduler, job: JobRow, failure: Failure | null): Promise<void> {
  const hasCheckpoint = job.lastCheckpoint !== null
  const budget = {
    failedAttempts: job.failedAttempts,
    maxAttempts: job.limits.maxAttempts,
    hasCheckpoint,
    firstDelaySeconds: scheduler.config.retryDelaySeconds,
  }
  const outcome: Outcome = failure === null ? { kind: 'suspended' } : failedBy(budget, failure.record)
  await conclude(scheduler, { job, outcome, secondsSpent: 0, log: null, hasCheckpoint })
}

async function verified(
  { store }: Scheduler,
  job: JobRow,
  { manifestKey, manifestSha256 }: OutputEvent,
): Promise<Result> {
  const output = { prefix: job.outputPrefix!, manifestKey, manifestSha256 }
  if (job.kind === 'prepare') {
    const { manifest, bytes } = await verifyVersion(store, output)
    return { kind: 'version', id: manifest.versionId, summary: summaryOf(manifest), bytes }
  }
  if (job.kind === 'evaluate') {
    const { jobId, attempt, versionId, modelId } = await verifyEvaluation(store, output)
    const foreign =
      jobId !== job.id || attempt !== job.attempt || versionId !== job.versionId || modelId !== job.modelId
    if (foreign)
      throw new Failure(
        'ARTIFACT_INVALID',
        `${manifestKey} is of another job, attempt, version or model: ${jobId}, ${attempt}, ${versionId}, ${modelId}`,
      )
    return { kind: 'evaluation', id: job.id }
  }
  const { manifest, bytes } = await verifyArtifact(store, output)
  const foreign = manifest.jobId !== job.id || manifest.attempt !== job.attempt || manifest.versionId !== job.versionId
  if (foreign)
    throw new Failure(
      'ARTIFACT_INVALID',
      `${manifestKey} is of another job, attempt or version: ${manifest.jobId}, ${manifest.attempt}, ${manifest.versionId}`,
    )
  return { kind: 'model', id: makeId('mdl', randomBytes(20)), manifest, bytes }
}

type Conclusion = {
  job: JobRow
  outcome: Exclude<Outcome, { kind: 'keep' }>
  secondsSpent: number
  log: string | null
  hasCheckpoint: boolean
}

async function conclude(
  scheduler: Scheduler,
  { job, outcome, secondsSpent, log, hasCheckpoint }: Conclusion,
): Promise<void> {
  if (outcome.kind === 'end')
    return finish(scheduler, job, { ...outcome, endedEarly: null, result: null, secondsSpent, log })
  const { failure, delaySeconds } = outcome.kind === 'retry' ? outcome : { failure: null, delaySeconds: 0 }
  const queued = await requeueJob(scheduler.database, fenceOf(scheduler, job), {
    failure,
    delaySeconds,
    secondsSpent,
    log,
    reason:
      failure === null
        ? suspendedReason(hasCheckpoint)
        : `It is tried again in ${Math.round(delaySeconds)} s after ${failure.code}: ${failure.message}`,
  })
  scheduler.log.warn(
    { jobId: job.id, attempt: job.attempt, failure: failure?.code ?? null, delaySeconds },
    failure ? 'attempt failed; trying again' : 'attempt suspended',
  )
  if (failure !== null) scheduler.metrics.retries.inc({ code: failure.code })
  await enqueueWhenDue(scheduler, queued, delaySeconds)
}

const suspendedReason = (hasCheckpoint: boolean): string =>
  `It was suspended and ${hasCheckpoint ? 'goes on from its last checkpoint' : 'begins anew'}.`

/** Queues the job once it may start. Where this is lost, for example by a restart, reconciling queues it. */
async function enqueueWhenDue(
  { database, queue, clock, closing, log }: Scheduler,
  job: JobRow,
  delaySeconds: number,
): Promise<void> {
  if (job.cancelRequested !== null && (await cancelQueued(database, job.id, leftoversOfQueued))) return
  if (closing.aborted) return
  void clock
    .sleep(delaySeconds * 1000, closing)
    .then(async () => {
      if (!closing.aborted) await queue.enqueue({ jobId: job.id, entry: job.queueEntry }, job)
    })
    .catch((err: unknown) => log.warn({ err, jobId: job.id }, 'not queued; reconciling will'))
}

async function finish(scheduler: Scheduler, job: JobRow, ending: Omit<Finish, 'leftovers'>): Promise<void> {
  const { database, metrics, log } = scheduler
  const { state, failure, endedEarly, result, secondsSpent, log: words } = ending
  await finishJob(database, fenceOf(scheduler, job), {
    state,
    failure,
    endedEarly,
    result,
    secondsSpent,
    log: words,
    leftovers: leftovers(job, { madeSomething: result !== null, succeeded: state === 'succeeded' }),
  })
  metrics.finished.inc({ kind: job.kind, state })
  metrics.seconds.observe({ kind: job.kind, state }, job.secondsSpent + secondsSpent)
  log.info(
    {
      jobId: job.id,
      attempt: job.attempt,
      state,
      failure: failure?.code ?? null,
      endedEarly,
      result: result?.id ?? null,
    },
    'job ended',
  )
}
