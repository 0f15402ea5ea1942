import { Failure, failures, type FailureCode } from '@imclr/contract'
import { decideOutcome, nextCommand, type Ending, type TrainerState } from '@imclr/scheduler'
import { describe, expect, it } from 'vitest'

/** The two tables that have no effects: what follows from the end of an attempt, and which command is due. */
const ending = (parts: Partial<Ending>): Ending => ({
  exit: { code: 0, signal: null },
  lastWord: null,
  cancelRequested: null,
  kind: 'train',
  timeUp: false,
  maxSeconds: 60,
  suspended: false,
  stalled: false,
  failedAttempts: 0,
  maxAttempts: 5,
  hasCheckpoint: true,
  firstDelaySeconds: 5,
  ...parts,
})
const output = (endedEarly: 'stopped' | null) =>
  ({ type: 'output', manifestKey: 'k', manifestSha256: 's', endedEarly }) as const
const failed = (code: FailureCode) => ({ type: 'failed', failure: new Failure(code, 'its own words').record }) as const
const killed = { code: null, signal: 'SIGKILL' }

/** In short: `keep:<state>`, `end:<state>`, `retry` or `suspended`, and the failure's code. */
function outcomeOf(parts: Partial<Ending>): string {
  const outcome = decideOutcome(ending(parts))
  const what = outcome.kind === 'keep' || outcome.kind === 'end' ? `${outcome.kind}:${outcome.state}` : outcome.kind
  const code = outcome.kind !== 'suspended' ? outcome.failure?.code : undefined
  return code ? `${what} ${code}` : what
}

describe('what follows from an ending', () => {
  it.each<[string, Partial<Ending>, string]>([
    ['a whole output', { lastWord: output(null) }, 'keep:succeeded'],
    [
      'a whole output, and a crash while leaving',
      { lastWord: output(null), exit: { code: null, signal: 'SIGSEGV' } },
      'keep:succeeded',
    ],
    [
      'a whole output that nobody saw end',
      { lastWord: output(null), exit: { code: null, signal: null } },
      'keep:succeeded',
    ],
    ['a whole output, cancelled too late', { lastWord: output(null), cancelRequested: 'graceful' }, 'keep:succeeded'],
    ['a short output after a cancel', { lastWord: output('stopped'), cancelRequested: 'graceful' }, 'keep:canceled'],
    [
      'a short output after the time was up',
      { lastWord: output('stopped'), timeUp: true },
      'keep:timed_out TIME_LIMIT',
    ],
    ['a short output that nobody here asked for', { lastWord: output('stopped') }, 'retry TRAINER_DIED'],
    [
      "the user's fault",
      { lastWord: failed('DATASET_INVALID'), exit: { code: 23, signal: null } },
      'end:failed DATASET_INVALID',
    ],
    ["the user's fault, by exit code alone", { exit: { code: 30, signal: null } }, 'end:failed LOSS_NOT_FINITE'],
    [
      "the user's fault, while cancelling",
      { lastWord: failed('LOSS_NOT_FINITE'), cancelRequested: 'graceful' },
      'end:failed LOSS_NOT_FINITE',
    ],
    [
      'a fault of the machine',
      { lastWord: failed('STORE_UNAVAILABLE'), exit: { code: 41, signal: null } },
      'retry STORE_UNAVAILABLE',
    ],
    ['a kill', { exit: killed }, 'retry TRAINER_DIED'],
    ['an exit code that means nothing', { exit: { code: 3, signal: null } }, 'retry TRAINER_DIED'],
    ['an end without a word', { exit: { code: 0, signal: null } }, 'retry TRAINER_DIED'],
    ['a stall', { exit: killed, stalled: true }, 'retry TRAINER_STALLED'],
    ['the last try', { exit: killed, failedAttempts: 4 }, 'end:failed TRAINER_DIED'],
    ['a kill while cancelling', { exit: killed, cancelRequested: 'now' }, 'end:canceled'],
    ['a kill after the grace of a cancel', { exit: killed, cancelRequested: 'graceful' }, 'end:canceled'],
    [
      'the word that it was cancelled',
      { lastWord: failed('CANCELED'), exit: { code: 34, signal: null }, cancelRequested: 'graceful' },
      'end:canceled',
    ],
    [
      'the word that it was cancelled, by nobody here',
      { lastWord: failed('CANCELED'), exit: { code: 34, signal: null } },
      'retry TRAINER_DIED',
    ],
    ['a kill after the grace of the time limit', { exit: killed, timeUp: true }, 'end:timed_out TIME_LIMIT'],
    ['a suspension', { exit: { code: 75, signal: null } }, 'suspended'],
    ['a suspension that took too long', { exit: killed, suspended: true }, 'suspended'],
    [
      'a suspension on the last try costs nothing',
      { exit: { code: 75, signal: null }, failedAttempts: 4 },
      'suspended',
    ],
    [
      'a suspension while it was to end: it ends after the restart',
      { exit: { code: 75, signal: null }, cancelRequested: 'graceful' },
      'suspended',
    ],
    [
      'a suspension while it was to end now',
      { exit: { code: 75, signal: null }, cancelRequested: 'now' },
      'end:canceled',
    ],
    [
      'a preparation that ends when its time is up',
      { kind: 'prepare', lastWord: failed('CANCELED'), exit: { code: 34, signal: null }, timeUp: true },
      'end:timed_out TIME_LIMIT',
    ],
    [
      'a preparation that stalls when its time is up',
      { kind: 'prepare', exit: killed, stalled: true, timeUp: true },
      'end:timed_out TIME_LIMIT',
    ],
  ])('%s', (_, parts, expected) => {
    expect(outcomeOf(parts)).toBe(expected)
  })

  it('names the limit of time', () => {
    const [preparing, training] = (['prepare', 'train'] as const).map((kind) =>
      decideOutcome(ending({ kind, exit: killed, timeUp: true, maxSeconds: 960 })),
    )
    expect(preparing).toMatchObject({
      failure: {
        message:
          'Preparing the data set took longer than 960 seconds, its limit over all attempts (limits.maxSeconds), which follows from the size of the upload.',
      },
    })
    expect(training).toMatchObject({
      failure: {
        message:
          'The job reached its limit of time: 960 seconds over all attempts (limits.maxSeconds); nothing could be kept.',
      },
    })
  })
})

describe('what a failure says of what follows', () => {
  const told = (parts: Partial<Ending>) => {
    const outcome = decideOutcome(ending(parts))
    return outcome.kind === 'suspended' ? null : outcome.failure
  }
  /** Of every failure that is tried again, in the trainer's words or in ours. */
  const retried: [string, Partial<Ending>][] = [
    ...(['STORE_UNAVAILABLE', 'ARTIFACT_INVALID', 'INTERNAL'] as const).map((code): [string, Partial<Ending>] => [
      code,
      { lastWord: failed(code), exit: { code: 1, signal: null } },
    ]),
    ['TRAINER_DIED', { exit: killed }],
    ['TRAINER_STALLED', { exit: killed, stalled: true }],
  ]

  it.each(retried)(
    '%s: that another attempt follows, from where, and at the last one that none does',
    (code, parts) => {
      expect(told({ ...parts, failedAttempts: 1, maxAttempts: 3 })).toMatchObject({
        code,
        hint: expect.stringMatching(
          / 2 of 3 attempts \(limits\.maxAttempts\) have failed; the next one goes on from the last checkpoint\.$/,
        ) as string,
      })
      expect(told({ ...parts, maxAttempts: 3, hasCheckpoint: false })).toMatchObject({
        code,
        hint: expect.stringMatching(
          / 1 of 3 attempts \(limits\.maxAttempts\) has failed; the next one begins anew\.$/,
        ) as string,
      })
      const last = told({ ...parts, failedAttempts: 2, maxAttempts: 3 })!
      expect(last).toMatchObject({
        code,
        hint: expect.stringMatching(
          / 3 of 3 attempts \(limits\.maxAttempts\) have failed; no other follows\.$/,
        ) as string,
      })
      expect(last.hint).not.toMatch(/tried again|goes on|checkpoint/)
    },
  )

  it('waits longer after each failure, and at most five minutes', () => {
    const delays = Array.from({ length: 9 }, (_, failedAttempts) => {
      const outcome = decideOutcome(ending({ exit: killed, failedAttempts, maxAttempts: 10 }))
      return outcome.kind === 'retry' ? outcome.delaySeconds : null
    })
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
  })

  it("the user's fault: nothing of attempts", () => {
    expect(told({ lastWord: failed('LOSS_NOT_FINITE') })).toEqual(failed('LOSS_NOT_FINITE').failure)
  })

  it('a limit of time: whether something was kept', () => {
    expect(told({ lastWord: output('stopped'), timeUp: true })!.message).toContain('what was reached has been kept')
    expect(told({ exit: killed, timeUp: true })!.message).toContain('nothing could be kept')
  })

  it('a kill that nobody asked for, and an abort: that memory may have run out', () => {
    expect(told({ exit: killed })!.message).toContain('memory has run out')
    expect(told({ exit: { code: null, signal: 'SIGABRT' } })!.message).toContain('memory runs out')
    expect(told({ exit: { code: null, signal: 'SIGSEGV' } })!.message).not.toContain('memory')
  })

  it('no hint of the table promises anything of its own', () => {
    for (const { hint } of Object.values(failures))
      expect(hint).not.toMatch(/tried again|goes on|checkpoint|has been kept/)
  })
})

const state = (parts: Partial<TrainerState>): TrainerState => ({
  now: 1000,
  cancelRequested: null,
  secondsSpent: 10,
  maxSeconds: 100,
  silentSeconds: 1,
  hasSpoken: true,
  stallSeconds: 120,
  closing: false,
  leaseLost: false,
  sentAt: {},
  stopGraceSeconds: 60,
  suspendGraceSeconds: 20,
  ...parts,
})

describe('which command is due', () => {
  it.each<[string, Partial<TrainerState>, ReturnType<typeof nextCommand>]>([
    ['none, when all is well', {}, null],
    ['stop, once the time is up', { secondsSpent: 100 }, { command: 'stop', because: 'time' }],
    ['stop only once', { secondsSpent: 100, sentAt: { stop: 990 } }, null],
    [
      'kill, when stopping takes too long',
      { secondsSpent: 100, sentAt: { stop: 940 } },
      { command: 'kill', because: 'time' },
    ],
    ['stop, for a graceful cancel', { cancelRequested: 'graceful' }, { command: 'stop', because: 'cancel' }],
    ['no stop before it listens', { cancelRequested: 'graceful', hasSpoken: false }, null],
    [
      'kill, for a cancel now, before all else',
      { cancelRequested: 'now', closing: true, sentAt: { stop: 999 } },
      { command: 'kill', because: 'cancel' },
    ],
    ['kill, for a stall', { silentSeconds: 120 }, { command: 'kill', because: 'stalled' }],
    ['suspend, when closing', { closing: true }, { command: 'suspend', because: 'closing' }],
    [
      'suspend, when closing while it stops',
      { closing: true, cancelRequested: 'graceful', sentAt: { stop: 990 } },
      { command: 'suspend', because: 'closing' },
    ],
    [
      'kill, when closing before there is anything to keep',
      { closing: true, hasSpoken: false },
      { command: 'kill', because: 'closing' },
    ],
    [
      'kill, when suspending takes too long',
      { closing: true, sentAt: { suspend: 980 } },
      { command: 'kill', because: 'closing' },
    ],
    ['kill, when the lease is lost', { leaseLost: true }, { command: 'kill', because: 'lease' }],
    ['nothing after a kill', { leaseLost: true, sentAt: { kill: 999 } }, null],
  ])('%s', (_, parts, expected) => {
    expect(nextCommand(state(parts))).toEqual(expected)
  })
})
