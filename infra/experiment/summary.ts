import type { ExperimentReport } from '@imclr/experiments'
import { points, pValue, signed, signedRange } from '@imclr/page'

/** The report in a few lines for the terminal. */
export function summary({ plan, budgets, runs, missing }: ExperimentReport): string {
  const lines = [`${plan.title}: ${runs.there} of ${runs.planned} runs`]
  for (const { budget, arms, comparisons } of budgets) {
    lines.push('', budget === null ? 'all labels' : `${budget} labels`)
    for (const { arm, mean, deviation, accuracies } of arms)
      lines.push(
        `  ${arm.padEnd(20)} ${points(mean, 2)} %${deviation === null ? '' : ` (sd ${points(deviation, 2)})`} over ${accuracies.length} seeds`,
      )
    for (const {
      arm,
      against,
      mean,
      interval,
      bootstrap,
      pValue: p,
      pHolm,
      published,
      metric,
      corrupted,
    } of comparisons) {
      lines.push(
        `  ${arm} minus ${against}: ${signed(mean)} points of accuracy${interval ? `, 95 % over seeds ${signedRange(interval)}, p ${pValue(p)}, Holm ${pValue(pHolm)}` : ''}; over seeds and images ${signedRange(bootstrap)}`,
      )
      if (corrupted)
        lines.push(
          `    under corruption ${signed(corrupted.mean)} points of error${corrupted.interval ? `, ${signedRange(corrupted.interval)}` : ''}`,
        )
      if (published !== null)
        lines.push(
          `    published: ${signed(published / 100)} points${metric === 'corrupted' ? ' of accuracy under corruption' : ''}`,
        )
    }
  }
  if (missing.length > 0)
    lines.push(
      '',
      `${missing.length} runs without a result:`,
      ...missing
        .slice(0, 10)
        .map(({ arm, seed, budget, why }) => `  ${arm}, seed ${seed}, ${budget ?? 'all'} labels: ${why}`),
    )
  return lines.join('\n')
}
