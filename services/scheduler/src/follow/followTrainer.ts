import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, type TrainerEvent } from '@imclr/contract'
import { storeTrainerLines, type JobRow, type TrainerLine } from '@imclr/database'
import type { Order, Runner } from '../launch/launcher.js'
import { fenceOf, type Lease } from '../lease.js'
import type { Scheduler } from '../parts.js'
import type { LastWord } from '../settle/decideOutcome.js'
import { nextOrder } from './nextOrder.js'
import { parseLine } from './parseLine.js'
import { tailLines } from './tailLines.js'

/** What is known of a trainer that is gone and whose words are all stored. */
export interface Followed {
  lastWord: LastWord | null
  /** This attempt's running time. */
  secondsSpent: number
  stalled: boolean
  suspended: boolean
  /** A checkpoint has been written, by this attempt or one before. */
  hasCheckpoint: boolean
}

/** Lines in memory that the database has not taken yet; beyond, the file waits. */
const mostUnstored = 5000
/** Seconds. */
const mostBetweenLooks = 10

/**
 * Stores what a trainer writes, gives it the orders that are due, and returns when its process is gone and nothing is
 * left to store, or when the lease is lost and its process is gone.
 */
export async function followTrainer(
  scheduler: Scheduler,
  { job, runner, lease }: { job: JobRow; runner: Runner; lease: Lease },
): Promise<Followed> {
  const { launcher, config, clock, closing, log } = scheduler
  const events = join(runner.workDir, 'events.jsonl')
  const tail = tailLines(events)
  const given: Partial<Record<Order, number>> = {}
  const followed: Followed = {
    lastWord: null,
    secondsSpent: 0,
    stalled: false,
    suspended: false,
    hasCheckpoint: job.lastCheckpoint !== null,
  }
  let unstored: TrainerLine[] = []
  let lastEvent: TrainerEvent | null = null
  let hasSpoken = false
  let lookedAt = clock.now()
  let silentSeconds = 0
  followed.secondsSpent = await spentBefore()

  for (;;) {
    // Asked before reading, so that nothing is missed that was written before the end.
    const alive = await launcher.isAlive(runner)
    const lines = unstored.length < mostUnstored ? await tail.read({ last: !alive }) : []
    for (const { number, text } of lines) {
      const event = parseLine(text)
      if (event !== null) lastEvent = event
      if (event?.type === 'checkpoint') followed.hasCheckpoint = true
      if (number > job.eventsPosition) unstored.push({ number, event })
    }
    // Time in which this machine slept, or this process was held up, is nobody's silence and nobody's running time.
    const passed = Math.min(mostBetweenLooks, (clock.now() - lookedAt) / 1000)
    lookedAt = clock.now()
    silentSeconds = lines.length > 0 ? 0 : silentSeconds + passed
    if (alive) followed.secondsSpent += passed
    if (lines.length > 0) hasSpoken = true
    if (unstored.length > 0 && !lease.lost && (await store(scheduler, { job, lease, lines: unstored }))) unstored = []
    if (!alive && lines.length === 0 && (unstored.length === 0 || lease.lost)) break

    const decision = nextOrder({
      now: clock.now() / 1000,
      cancelRequested: lease.cancelRequested,
      secondsSpent: job.secondsSpent + followed.secondsSpent,
      maxSeconds: job.limits.maxSeconds,
      silentSeconds,
      hasSpoken,
      stallSeconds: config.stallSeconds,
      closing: closing.aborted,
      leaseLost: lease.lost,
      given,
      stopGraceSeconds: config.stopGraceSeconds,
      suspendGraceSeconds: config.suspendGraceSeconds,
    })
    if (decision !== null && alive) {
      log.info({ jobId: job.id, attempt: job.attempt, ...decision }, 'order to the trainer')
      await launcher.signal(runner, decision.order)
      given[decision.order] = clock.now() / 1000
      if (decision.because === 'stalled') followed.stalled = true
      if (decision.because === 'closing') followed.suspended = true
    }
    if (lines.length === 0) await clock.sleep(config.pollSeconds * 1000)
  }
  followed.lastWord = lastEvent?.type === 'output' || lastEvent?.type === 'failed' ? lastEvent : null
  return followed

  /** Of a trainer that was taken up again: until its last sign of life. */
  async function spentBefore(): Promise<number> {
    const start = job.attemptStartedAt?.getTime() ?? clock.now()
    const end = await stat(events).then(
      ({ mtimeMs }) => mtimeMs,
      () => start,
    )
    return Math.max(0, (end - start) / 1000)
  }
}

/** Says whether the lines are stored; where they are not, the next round tries again. A superseded attempt loses its lease. */
async function store(
  scheduler: Scheduler,
  { job, lease, lines }: { job: JobRow; lease: Lease; lines: TrainerLine[] },
): Promise<boolean> {
  try {
    lease.saw(await storeTrainerLines(scheduler.database, fenceOf(scheduler, job), lines))
    return true
  } catch (err) {
    if (err instanceof Failure && err.code === 'CONFLICT') lease.lose()
    scheduler.log.warn({ err, jobId: job.id, attempt: job.attempt }, 'events could not be stored')
    await scheduler.clock.sleep(500)
    return false
  }
}
