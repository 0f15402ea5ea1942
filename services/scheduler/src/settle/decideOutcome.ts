import {
  Failure,
  failureOfExitCode,
  suspendedExitCode,
  type CancelMode,
  type FailureRecord,
  type JobKind,
  type TrainerEvent,
} from '@imclr/contract'
import type { Exit } from '../launch/launcher.js'
import { decideRetry, isRetryable, type RetryBudget } from './retryPolicy.js'

export type OutputEvent = Extract<TrainerEvent, { type: 'output' }>
export type LastWord = Extract<TrainerEvent, { type: 'output' | 'failed' }>

/** All that is known of an attempt whose trainer has ended. */
export interface Ending extends RetryBudget {
  exit: Exit
  /** Its last line, where that was `output` or `failed`. */
  lastWord: LastWord | null
  cancelRequested: CancelMode | null
  /** Of the job. */
  kind: JobKind
  /** The job has used up `maxSeconds`, its limit. */
  timeUp: boolean
  maxSeconds: number
  /** What the scheduler itself did to it, as far as this process knows. */
  suspended: boolean
  stalled: boolean
}

export type Outcome =
  /** Verify and register the output, then end the job in `state`. */
  | {
      kind: 'keep'
      output: OutputEvent
      state: 'succeeded' | 'canceled' | 'timed_out'
      endedEarly: 'canceled' | 'time_limit' | null
      failure: FailureRecord | null
    }
  | { kind: 'end'; state: 'canceled' | 'timed_out' | 'failed'; failure: FailureRecord | null }
  /** Queue the job again and count a failed attempt. */
  | { kind: 'retry'; failure: FailureRecord; delaySeconds: number }
  /** Queue the job again without counting a failed attempt. */
  | { kind: 'suspended' }

/** What follows from the way an attempt ended; `retryPolicy.ts` decides about another attempt. Pure. */
export function decideOutcome(ending: Ending): Outcome {
  const { exit, lastWord, cancelRequested, timeUp } = ending
  if (lastWord?.type === 'output') {
    // The exit code does not matter: the output is complete and will be verified, and native libraries may crash while
    // they unload.
    const keep = { kind: 'keep', output: lastWord } as const
    if (lastWord.endedEarly === null) return { ...keep, state: 'succeeded', endedEarly: null, failure: null }
    if (cancelRequested !== null) return { ...keep, state: 'canceled', endedEarly: 'canceled', failure: null }
    if (timeUp)
      return {
        ...keep,
        state: 'timed_out',
        endedEarly: 'time_limit',
        failure: timeLimit(ending, 'what was reached has been kept'),
      }
    return failedBy(ending, record('TRAINER_DIED', 'The trainer was told to stop, but not by this service.'))
  }
  const failure = failureOf(ending)
  const ownWord = failure.code !== 'CANCELED' && failure.code !== 'TIME_LIMIT'
  if (!isRetryable(failure.code) && ownWord) return { kind: 'end', state: 'failed', failure }
  if (cancelRequested === 'now') return { kind: 'end', state: 'canceled', failure: null }
  // A job that was told to stop and was suspended before it ended evaluates what it has when the service is back.
  if (ending.suspended || exit.code === suspendedExitCode) return { kind: 'suspended' }
  if (cancelRequested === 'graceful') return { kind: 'end', state: 'canceled', failure: null }
  if (timeUp) return { kind: 'end', state: 'timed_out', failure: timeLimit(ending, 'nothing could be kept') }
  return failedBy(
    ending,
    ownWord ? failure : record('TRAINER_DIED', 'The trainer was stopped, but not by this service.'),
  )
}

const record = (...args: ConstructorParameters<typeof Failure>): FailureRecord => new Failure(...args).record
const timeLimit = ({ kind, maxSeconds }: Ending, kept: string): FailureRecord =>
  record(
    'TIME_LIMIT',
    kind === 'prepare'
      ? `Preparing the data set took longer than ${maxSeconds} seconds, its limit over all attempts (limits.maxSeconds), which follows from the size of the upload.`
      : `The job reached its limit of time: ${maxSeconds} seconds over all attempts (limits.maxSeconds); ${kept}.`,
  )

/** What follows from a failure: another attempt or the end of the job, as the retry policy says. */
export function failedBy(budget: RetryBudget, failure: FailureRecord): Exclude<Outcome, { kind: 'keep' }> {
  const { delaySeconds, failure: told } = decideRetry(failure, budget)
  return delaySeconds === null
    ? { kind: 'end', state: 'failed', failure: told }
    : { kind: 'retry', failure: told, delaySeconds }
}

/** The failure of an attempt: by the trainer's own word, else by what the scheduler saw, else by the exit code. */
function failureOf({ exit, lastWord, stalled }: Ending): FailureRecord {
  if (lastWord?.type === 'failed') return lastWord.failure
  if (stalled) return record('TRAINER_STALLED', 'The trainer wrote nothing for too long and was ended.')
  const code = exit.code === null ? undefined : failureOfExitCode(exit.code)
  if (code !== undefined) return record(code, `The trainer ended with exit code ${exit.code} (${code}).`)
  if (exit.outOfMemory === true)
    return record('OUT_OF_MEMORY', "The trainer was killed because it used up its container's memory.")
  if (exit.signal === 'SIGKILL')
    return record(
      'TRAINER_DIED',
      'The trainer was killed (SIGKILL), and not by this service. Where nobody did it, memory has run out: a smaller batch, image size or network needs less.',
    )
  if (exit.signal === 'SIGABRT')
    return record(
      'TRAINER_DIED',
      "The trainer gave up (SIGABRT), as it does where memory runs out: the end of the job's log says so then.",
    )
  if (exit.signal !== null) return record('TRAINER_DIED', `The trainer was ended by ${exit.signal}.`)
  return record(
    'TRAINER_DIED',
    exit.code === null
      ? 'The trainer is gone, and nobody saw how it ended.'
      : `The trainer ended with exit code ${exit.code} and said nothing.`,
  )
}
