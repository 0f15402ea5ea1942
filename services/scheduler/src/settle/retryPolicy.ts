import { failures, followedBy, type FailureCode, type FailureRecord } from '@imclr/contract'

/*
 * The whole policy of trying again. Whether: only after failures that the failure table calls retryable, those of the
 * infrastructure, and only while the job's `limits.maxAttempts` allows it. When: after the operator's first delay,
 * which doubles with each failed attempt up to a limit. From where: from the last checkpoint, where there is one. An
 * attempt that was suspended has not failed: it is queued again at once and not counted.
 */
const policy = { delayFactor: 2, maxDelaySeconds: 300 }

/** What decides about another attempt, beside the failure. */
export interface RetryBudget {
  /** Failed attempts before this one. */
  failedAttempts: number
  maxAttempts: number
  /** A checkpoint has been written, by this attempt or one before. */
  hasCheckpoint: boolean
  /** Seconds between the first failure and the second attempt. */
  firstDelaySeconds: number
}

export interface RetryDecision {
  /** Seconds until the next attempt may start; null: there is none. */
  delaySeconds: number | null
  /** The failure with a hint that says what follows. */
  failure: FailureRecord
}

/** Whether a failure is of a kind that another attempt may mend. */
export const isRetryable = (code: FailureCode): boolean => failures[code].retryable

/** Decides whether and when an attempt that failed is followed by another. */
export function decideRetry(failure: FailureRecord, budget: RetryBudget): RetryDecision {
  const { failedAttempts, maxAttempts, hasCheckpoint, firstDelaySeconds } = budget
  const again = isRetryable(failure.code) && failedAttempts + 1 < maxAttempts
  const next = !again ? null : hasCheckpoint ? 'from-checkpoint' : 'anew'
  return {
    delaySeconds: again
      ? Math.min(policy.maxDelaySeconds, firstDelaySeconds * policy.delayFactor ** failedAttempts)
      : null,
    failure: followedBy(failure, { failedAttempts: failedAttempts + 1, maxAttempts, next }),
  }
}
