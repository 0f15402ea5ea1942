import type { CancelMode } from '@imclr/contract'
import type { Order } from '../launch/launcher.js'

/** What the scheduler knows of a trainer that runs; seconds are of its own clock. */
export interface Situation {
  now: number
  cancelRequested: CancelMode | null
  /** Running time of the job over all attempts, and its limit. */
  secondsSpent: number
  maxSeconds: number
  /** Since its last line arrived, or since it was started. */
  silentSeconds: number
  /** It wrote something: from then on it listens to orders, and has something to keep. */
  hasSpoken: boolean
  stallSeconds: number
  /** This scheduler is shutting down. */
  closing: boolean
  /** Another scheduler has the job, or nobody could tell for as long as the lease lasts. */
  leaseLost: boolean
  /** Orders that were given, and when first. */
  given: Partial<Record<Order, number>>
  stopGraceSeconds: number
  suspendGraceSeconds: number
}

export interface Decision {
  order: Order
  /** Why it is killed although it did nothing wrong or was not asked: decides what the attempt counts as. */
  because: 'lease' | 'cancel' | 'stalled' | 'time' | 'closing'
}

/** The order that is due, the most urgent first; null: leave it alone. Pure. */
export function nextOrder(situation: Situation): Decision | null {
  const { now, given, cancelRequested } = situation
  const first = (order: Order, because: Decision['because']): Decision | null =>
    given[order] === undefined ? { order, because } : null
  const overdue = (order: Order, grace: number): boolean => given[order] !== undefined && now - given[order] >= grace

  if (given.kill !== undefined) return null
  if (situation.leaseLost) return { order: 'kill', because: 'lease' }
  if (cancelRequested === 'now') return { order: 'kill', because: 'cancel' }
  if (situation.silentSeconds >= situation.stallSeconds) return { order: 'kill', because: 'stalled' }
  if (overdue('suspend', situation.suspendGraceSeconds)) return { order: 'kill', because: 'closing' }
  if (situation.closing) return first(situation.hasSpoken ? 'suspend' : 'kill', 'closing')
  const timeUp = situation.secondsSpent >= situation.maxSeconds
  if (overdue('stop', situation.stopGraceSeconds)) return { order: 'kill', because: timeUp ? 'time' : 'cancel' }
  if (!situation.hasSpoken) return null
  if (cancelRequested === 'graceful') return first('stop', 'cancel')
  if (timeUp) return first('stop', 'time')
  return null
}
