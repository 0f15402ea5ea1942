import { isActive, isFinal, type JobState } from '@imclr/contract'
import { median } from '@imclr/statistics'

/** What the job of a run says about its time. */
export interface RunTime {
  state: JobState
  estimate: { seconds: number } | null
  progress: { secondsLeft: number | null } | null
  startedAt: Date | null
  finishedAt: Date | null
}

/**
 * Seconds until all runs have ended, or null where they have. A waiting run takes its estimate times a factor: the
 * median of how much longer than estimated the started runs take. As many runs continue at once as now, and each that
 * ends lets the next begin.
 */
export function secondsLeft(runs: readonly RunTime[], now: Date): number | null {
  const unfinished = runs.filter(({ state }) => !isFinal(state))
  if (unfinished.length === 0) return null
  const factor = median(runs.flatMap((run) => factorOf(run, now))) ?? 1
  const needs = ({ estimate, progress }: RunTime) => progress?.secondsLeft ?? factor * (estimate?.seconds ?? 0)
  const slots = unfinished.filter(({ state }) => isActive(state)).map(needs)
  if (slots.length === 0) slots.push(0)
  for (const run of unfinished.filter(({ state }) => !isActive(state))) {
    const next = slots.indexOf(Math.min(...slots))
    slots[next]! += needs(run)
  }
  return Math.max(...slots)
}

/** How much longer than estimated a run took, or by its own progress will take. Empty where that is unknown. */
function factorOf({ state, estimate, progress, startedAt, finishedAt }: RunTime, now: Date): number[] {
  if (!estimate?.seconds || startedAt === null) return []
  const since = (end: Date) => (end.getTime() - startedAt.getTime()) / 1000
  if (state === 'succeeded' && finishedAt !== null) return [since(finishedAt) / estimate.seconds]
  return state === 'running' && progress?.secondsLeft != null
    ? [(since(now) + progress.secondsLeft) / estimate.seconds]
    : []
}
