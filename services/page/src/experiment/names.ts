import type { ExperimentReport } from '@imclr/experiments'
import { count } from '../numbers.js'

/** The title of an arm. */
export const armTitle = ({ plan }: Pick<ExperimentReport, 'plan'>, name: string): string =>
  plan.arms.find((arm) => arm.name === name)?.title ?? name

export const budgetName = (budget: number | null): string =>
  budget === null ? 'all labels' : `${count(budget)} labels`

/** Colours of the arms, in the order of the arms. */
const colours = ['var(--second)', 'var(--accent)', 'var(--heat)', 'var(--soft)', 'var(--ink)'] as const
export const colourOf = (index: number): string => colours[index % colours.length]!

/** A duration as "12 s", "34 min" or "2.1 h", for costs. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
}
