import { experimentRuns } from '@imclr/contract'
import { reportExperiment, type BudgetResult, type ComparisonResult, type ExperimentReport } from '@imclr/experiments'
import { count, points, pValue, signed, signedRange } from '@imclr/page'
import { z } from 'zod'

/** Stored runs, and the facts about them that the runs do not hold. */
export const measured = z.strictObject({
  runs: z.string(), // name of a file beside the list
  data: z.string(), // name of the data set, for readers
  command: z.string(), // the command that made the runs
  commit: z.string(), // the commit of this repository that made the runs
  remarks: z.array(z.string()), // what was tried and what was unusual
})
export type Measured = z.infer<typeof measured>

const begin = '<!-- Written by "npm run generate" from docs/runs. -->'
const end = '<!-- End of what "npm run generate" writes. -->'

/**
 * Replaces everything between the two marks of `page` with the tables of the stored runs. `read` returns the text of a
 * file in `docs/runs`.
 */
export function printResults(page: string, read: (file: string) => string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/results.md lacks the lines ${begin} and ${end}`)
  const sections = z
    .array(measured)
    .parse(JSON.parse(read('measured.json')))
    .map((one) => {
      const runs = experimentRuns.parse(JSON.parse(read(one.runs)))
      const firstAgainstAll = reportExperiment({ ...runs, plan: { ...runs.plan, comparisons: [] } }, { resamples: 10 })
      return section(reportExperiment(runs), firstAgainstAll, one)
    })
  return `${page.slice(0, from)}${begin}\n\n${sections.map((text) => `${text}\n\n`).join('')}${page.slice(to)}`
}

function section(
  { plan, runs, budgets, missing, environments, data }: ExperimentReport,
  { budgets: besides }: ExperimentReport,
  { data: name, command, commit, remarks, runs: file }: Measured,
): string {
  const machines = environments.map(
    ({ environment: { cpu, cores, tensorflow } }) => `${cores} cores of ${cpu}, TensorFlow ${tensorflow}`,
  )
  return [
    `### ${plan.title}: ${name}`,
    ...(plan.claim ? [plan.claim] : []),
    ...(plan.recipe ? [`Here: ${plan.recipe}`] : []),
    `\`${command}\` at ${commit}; ${runs.there} of ${runs.planned} runs, ${count(data?.testImages ?? 0)} test images; ${[...new Set(machines)].join('; ')}. Stored runs: \`docs/runs/${file}\`.`,
    table(
      ['labels', 'arm', 'test accuracy by seed, %', 'mean (standard deviation)', 'steps', 'minutes of training'],
      budgets.flatMap(armRows),
    ),
    table(
      [
        'labels',
        'difference, points of accuracy',
        'by seed',
        'mean',
        '95 % over seeds',
        '95 % over seeds and images',
        'p (Holm)',
        'published',
      ],
      budgets.flatMap(comparisonRows),
    ),
    ...(missing.length > 0
      ? [
          `Without a result: ${missing.map(({ arm, seed, budget, why }) => `${arm}, seed ${seed}, ${labels(budget)} labels (${why})`).join('; ')}.`,
        ]
      : []),
    [
      ...budgets.flatMap((budget) =>
        budget.comparisons.flatMap((one) => [verdict(budget, one), ...bySeverity(budget, one)]),
      ),
      ...besides.flatMap((budget) => beside(budget, plan)),
    ].join('\n'),
    ...remarks,
  ].join('\n\n')
}

const labels = (budget: number | null) => (budget === null ? 'all' : count(budget))

function armRows({ budget, arms }: BudgetResult): string[][] {
  return arms.map(({ arm, accuracies, mean, deviation, steps, seconds }) => [
    labels(budget),
    arm,
    accuracies.map(({ accuracy }) => points(accuracy, 2)).join(', '),
    `${points(mean, 2)}${deviation === null ? '' : ` (${points(deviation, 2)})`}`,
    count(Math.round(steps)),
    (seconds / 60).toFixed(1),
  ])
}

function comparisonRows({ budget, comparisons }: BudgetResult): string[][] {
  return comparisons.flatMap(
    ({ arm, against, perSeed, mean, interval, bootstrap, pValue: p, pHolm, published, metric, corrupted }) => [
      [
        labels(budget),
        `${arm} minus ${against}`,
        perSeed.map(({ difference }) => signed(difference)).join(', '),
        signed(mean),
        signedRange(interval),
        signedRange(bootstrap),
        `${pValue(p)} (${pValue(pHolm)})`,
        metric === 'clean' && published !== null ? signed(published / 100) : '–',
      ],
      // The report compares errors and this table compares accuracies, so the signs change.
      ...(corrupted
        ? [
            [
              labels(budget),
              `${arm} minus ${against}, under corruption`,
              '',
              signed(-corrupted.mean),
              signedRange(turned(corrupted.interval)),
              signedRange(turned(corrupted.bootstrap)),
              `${pValue(corrupted.pValue)} (${pValue(corrupted.pHolm)})`,
              metric === 'corrupted' && published !== null ? signed(published / 100) : '–',
            ],
          ]
        : []),
    ],
  )
}

const turned = <T extends { low: number; high: number } | null>(interval: T) =>
  interval === null ? null : { low: -interval.high, high: -interval.low }

/** Says in one sentence what Student's interval over the seeds means for the claim. */
function verdict({ budget }: BudgetResult, { arm, against, metric, corrupted, ...clean }: ComparisonResult): string {
  const interval = metric === 'corrupted' ? turned(corrupted?.interval ?? null) : clean.interval
  const where = `With ${labels(budget)} labels`
  if (interval === null) return `- ${where} there is no interval yet: it takes two seeds.`
  const what = metric === 'corrupted' ? ' under corruption' : ''
  if (interval.low > 0)
    return `- ${where} ${arm} is ahead of ${against}${what}: the interval over seeds lies above zero.`
  if (interval.high < 0)
    return `- ${where} ${arm} is behind ${against}${what}: the interval over seeds lies below zero.`
  return `- ${where} no difference between ${arm} and ${against}${what} shows: the interval over seeds holds zero.`
}

/** For a claim about corrupted images: where on the grid the difference lies. */
function bySeverity({ budget }: BudgetResult, { arm, against, metric, corrupted }: ComparisonResult): string[] {
  if (metric !== 'corrupted' || corrupted === null) return []
  const gain = ({ mean, interval }: { mean: number; interval: { low: number; high: number } | null }) =>
    `${signed(-mean)}${interval ? ` (${signedRange(turned(interval))})` : ''}`
  const kinds = corrupted.perCorruption.filter(({ benchmark }) => benchmark).sort((a, b) => a.mean - b.mean)
  const few = (list: typeof kinds) =>
    list.map((one) => `${one.corruption.replaceAll('_', ' ')} ${signed(-one.mean)}`).join(', ')
  const differing = corrupted.perCorruption
    .filter(({ pHolm }) => pHolm !== null && pHolm < 0.05)
    .map(({ corruption, benchmark, mean }) => `${corruption}${benchmark ? '' : ' (extra)'} ${signed(-mean)}`)
  return [
    `- ${arm} minus ${against}, ${labels(budget)} labels, by severity: ${corrupted.perSeverity.map((one) => `${one.severity}: ${gain(one)}`).join('; ')}.`,
    `- By corruption it does best with ${few(kinds.slice(0, 3))}, and worst with ${few(kinds.slice(-3).reverse())}; of all ${corrupted.perCorruption.length}, after Holm's adjustment, differ at 5 %: ${differing.join(', ') || 'none'}.`,
  ]
}

/** The arms that the claim does not compare with the first one. They get the same statistics, without adjustment. */
function beside({ budget, comparisons }: BudgetResult, { comparisons: claimed }: ExperimentReport['plan']): string[] {
  const others = comparisons.filter(
    ({ arm, against }) => !claimed.some((pair) => pair.arm === arm && pair.against === against),
  )
  if (others.length === 0) return []
  return [
    `- Beside the claim, against ${others[0]!.against}, ${labels(budget)} labels, 95 % over seeds, not adjusted: ${others.map(({ arm, mean, interval }) => `${arm} ${signed(mean)} (${signedRange(interval)})`).join('; ')}.`,
  ]
}

function table(heads: string[], rows: string[][]): string {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
