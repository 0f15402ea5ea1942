import { Failure, type TrainerEvent } from '@imclr/contract'
import { storeTrainerLines, type JobRow, type TrainerLine } from '@imclr/database'
import type { Command, EventReader, Runner } from '../launch/launcher.js'
import type { Supervision } from '../launch/patientLauncher.js'
import { fenceOf, type Lease } from '../lease.js'
import type { Scheduler } from '../parts.js'
import type { LastWord } from '../settle/decideOutcome.js'
import { nextCommand } from './nextCommand.js'
import { parseLine } from './parseLine.js'

/** What is known of an attempt whose trainer has ended and whose events are all stored. */
export interface AttemptResult {
  lastWord: LastWord | null
  /** This attempt's running time. */
  secondsSpent: number
  stalled: boolean
  suspended: boolean
  /** A checkpoint has been written, by this attempt or one before. */
  hasCheckpoint: boolean
}

/** How many lines wait in memory for the database; with more, the trainer's output is not read on. */
const maxUnstored = 5000
/** Seconds. A longer time between two rounds counts as this: the machine slept, or this process was held up. */
const maxRoundSeconds = 10

/**
 * Stores what a trainer writes and sends it the commands that are due. Returns when the trainer has ended and nothing
 * is left to store, or when the lease is lost and the trainer has ended.
 */
export async function followTrainer(
  scheduler: Scheduler,
  { job, runner, lease, launcher }: { job: JobRow; runner: Runner; lease: Lease; launcher: Supervision },
): Promise<AttemptResult> {
  const { config, clock, closing, log } = scheduler
  await using events = await launcher.openEvents(runner)
  const sentAt: Partial<Record<Command, number>> = {}
  const result: AttemptResult = {
    lastWord: null,
    secondsSpent: await secondsBefore(scheduler, job, events),
    stalled: false,
    suspended: false,
    hasCheckpoint: job.lastCheckpoint !== null,
  }
  let unstored: TrainerLine[] = []
  let lastEvent: TrainerEvent | null = null
  let hasSpoken = false
  let lastRound = clock.now()
  let silentSeconds = 0

  for (;;) {
    // Asked before reading, so that nothing is missed that was written before the end.
    const isRunning = await launcher.isRunning(runner)
    const lines = unstored.length < maxUnstored ? await events.read({ last: !isRunning }) : []
    for (const { number, text } of lines) {
      const event = parseLine(text)
      if (event !== null) lastEvent = event
      if (event?.type === 'checkpoint') result.hasCheckpoint = true
      if (number > job.eventsPosition) unstored.push({ number, event })
    }
    const passed = Math.min(maxRoundSeconds, (clock.now() - lastRound) / 1000)
    lastRound = clock.now()
    silentSeconds = lines.length > 0 ? 0 : silentSeconds + passed
    if (isRunning) result.secondsSpent += passed
    if (lines.length > 0) hasSpoken = true
    if (unstored.length > 0 && !lease.lost && (await store(scheduler, { job, lease, lines: unstored }))) unstored = []
    if (!isRunning && lines.length === 0 && (unstored.length === 0 || lease.lost)) break

    const decision = nextCommand({
      now: clock.now() / 1000,
      cancelRequested: lease.cancelRequested,
      secondsSpent: job.secondsSpent + result.secondsSpent,
      maxSeconds: job.limits.maxSeconds,
      silentSeconds,
      hasSpoken,
      stallSeconds: config.stallSeconds,
      closing: closing.aborted,
      leaseLost: lease.lost,
      sentAt,
      stopGraceSeconds: config.stopGraceSeconds,
      suspendGraceSeconds: config.suspendGraceSeconds,
    })
    if (decision !== null && isRunning) {
      log.info({ jobId: job.id, attempt: job.attempt, ...decision }, 'command to the trainer')
      await launcher.send(runner, decision.command)
      sentAt[decision.command] = clock.now() / 1000
      if (decision.because === 'stalled') result.stalled = true
      if (decision.because === 'closing') result.suspended = true
    }
    if (lines.length === 0) await clock.sleep(config.pollSeconds * 1000)
  }
  result.lastWord = lastEvent?.type === 'output' || lastEvent?.type === 'failed' ? lastEvent : null
  return result
}

/** How long an adopted trainer has run before: until its latest output. */
async function secondsBefore({ clock }: Scheduler, job: JobRow, events: EventReader): Promise<number> {
  const start = job.attemptStartedAt?.getTime() ?? clock.now()
  const end = (await events.lastWrite()) ?? start
  return Math.max(0, (end - start) / 1000)
}

/**
 * Stores the lines and says whether it did; where not, the next round tries again. A superseded attempt loses its
 * lease.
 */
async function store(
  scheduler: Scheduler,
  { job, lease, lines }: { job: JobRow; lease: Lease; lines: TrainerLine[] },
): Promise<boolean> {
  try {
    lease.update(await storeTrainerLines(scheduler.database, fenceOf(scheduler, job), lines))
    return true
  } catch (err) {
    if (err instanceof Failure && err.code === 'CONFLICT') lease.lose()
    scheduler.log.warn({ err, jobId: job.id, attempt: job.attempt }, 'events could not be stored')
    await scheduler.clock.sleep(500)
    return false
  }
}
