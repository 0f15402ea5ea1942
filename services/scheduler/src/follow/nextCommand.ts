import type { CancelMode } from '@imclr/contract'
import type { Command } from '../launch/launcher.js'

/** What the scheduler knows of a running trainer; seconds are of its own clock. */
export interface TrainerState {
  now: number
  cancelRequested: CancelMode | null
  /** Running time of the job over all attempts, and its limit. */
  secondsSpent: number
  maxSeconds: number
  /** Since its last line arrived, or since it was started. */
  silentSeconds: number
  /** It wrote something: from then on it listens to commands, and has something to keep. */
  hasSpoken: boolean
  stallSeconds: number
  /** This scheduler is shutting down. */
  closing: boolean
  /** Another scheduler has the job, or nobody could tell for as long as the lease lasts. */
  leaseLost: boolean
  /** When each command was first sent. */
  sentAt: Partial<Record<Command, number>>
  stopGraceSeconds: number
  suspendGraceSeconds: number
}

export interface Decision {
  command: Command
  /** The reason. It decides what the attempt counts as: a trainer that is killed may have done nothing wrong. */
  because: 'lease' | 'cancel' | 'stalled' | 'time' | 'closing'
}

/** The command that is due, the most urgent first; null: none. Pure. */
export function nextCommand(state: TrainerState): Decision | null {
  const { now, sentAt, cancelRequested } = state
  const once = (command: Command, because: Decision['because']): Decision | null =>
    sentAt[command] === undefined ? { command, because } : null
  const isOverdue = (command: Command, grace: number): boolean =>
    sentAt[command] !== undefined && now - sentAt[command] >= grace

  if (sentAt.kill !== undefined) return null
  if (state.leaseLost) return { command: 'kill', because: 'lease' }
  if (cancelRequested === 'now') return { command: 'kill', because: 'cancel' }
  if (state.silentSeconds >= state.stallSeconds) return { command: 'kill', because: 'stalled' }
  if (isOverdue('suspend', state.suspendGraceSeconds)) return { command: 'kill', because: 'closing' }
  if (state.closing) return once(state.hasSpoken ? 'suspend' : 'kill', 'closing')
  const timeUp = state.secondsSpent >= state.maxSeconds
  if (isOverdue('stop', state.stopGraceSeconds)) return { command: 'kill', because: timeUp ? 'time' : 'cancel' }
  if (!state.hasSpoken) return null
  if (cancelRequested === 'graceful') return once('stop', 'cancel')
  if (timeUp) return once('stop', 'time')
  return null
}
