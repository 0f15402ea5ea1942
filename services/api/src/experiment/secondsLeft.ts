import { isActive, isFinal, type JobState } from '@imclr/contract'
import { median } from '@imclr/statistics'

/** What a run's job says of its time. */
export interface RunTime {
  state: JobState
  estimate: { seconds: number } | null
  progress: { secondsLeft: number | null } | null
  startedAt: Date | null
  finishedAt: Date | null
}

/**
 * Seconds until all runs have ended; null where they have. Runs that wait take their estimate, times how much longer than theirs the
 * started ones take (the median); as many go on at once as do now, and each that ends makes room for the next.
 */
export function secondsLeft(runs: readonly RunTime[], now: Date): number | null {
  const unfinished = runs.filter(({ state }) => !isFinal(state))
  if (unfinished.length === 0) return null
  const factor = median(runs.flatMap((run) => factorOf(run, now))) ?? 1
  const needs = ({ estimate, progress }: RunTime) => progress?.secondsLeft ?? factor * (estimate?.seconds ?? 0)
  const places = unfinished.filter(({ state }) => isActive(state)).map(needs)
  if (places.length === 0) places.push(0)
  for (const run of unfinished.filter(({ state }) => !isActive(state))) {
    const next = places.indexOf(Math.min(...places))
    places[next]! += needs(run)
  }
  return Math.max(...places)
}

/** How much longer than estimated a run took or, by what it says itself, will take; nothing where it cannot be said. */
function factorOf({ state, estimate, progress, startedAt, finishedAt }: RunTime, now: Date): number[] {
  if (!estimate?.seconds || startedAt === null) return []
  const since = (end: Date) => (end.getTime() - startedAt.getTime()) / 1000
  if (state === 'succeeded' && finishedAt !== null) return [since(finishedAt) / estimate.seconds]
  return state === 'running' && progress?.secondsLeft != null
    ? [(since(now) + progress.secondsLeft) / estimate.seconds]
    : []
}
