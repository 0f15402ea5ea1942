import type { ExperimentReport } from '@imclr/experiments'
import type { ExperimentRuns } from '@imclr/contract'

type Value = string | number | null

const line = (values: Value[]): string =>
  values
    .map((value) =>
      value === null
        ? ''
        : typeof value === 'number'
          ? String(value)
          : /[",\n]/.test(value)
            ? `"${value.replaceAll('"', '""')}"`
            : value,
    )
    .join(',')
const table = (head: string[], rows: Value[][]): string => [head, ...rows].map(line).join('\n') + '\n'

/** One row for each run. An empty budget means all labels. */
export function runsCsv({ plan, runs }: ExperimentRuns): string {
  const head = [
    'experiment',
    'arm',
    'seed',
    'budget',
    'accuracy',
    'corrupted_error',
    'test_images',
    'epochs',
    'steps',
    'seconds',
    'parameters',
    'cpu',
    'device',
    'content',
  ]
  return table(
    head,
    runs.map(
      ({
        arm,
        seed,
        budget,
        accuracy,
        corrupted,
        testImages,
        epochs,
        steps,
        seconds,
        parameters,
        environment,
        content,
      }) => {
        const counted = corrupted?.cells.filter(({ benchmark }) => benchmark) ?? []
        const error = counted.length === 0 ? null : counted.reduce((sum, cell) => sum + cell.error, 0) / counted.length
        return [
          plan.name,
          arm,
          seed,
          budget,
          accuracy,
          error,
          testImages,
          epochs,
          steps,
          seconds,
          parameters,
          environment.cpu,
          environment.device,
          content,
        ]
      },
    ),
  )
}

/** One row for each difference: accuracy, mean error under corruption, and the error of every corruption. */
export function comparisonsCsv({ plan, budgets }: ExperimentReport): string {
  const head = [
    'experiment',
    'arm',
    'against',
    'budget',
    'of',
    'seeds',
    'against_mean',
    'arm_mean',
    'difference',
    'deviation',
    'low',
    'high',
    'p',
    'p_holm',
    'bootstrap_low',
    'bootstrap_high',
    'published_points',
  ]
  const rows = budgets.flatMap(({ budget, comparisons }) =>
    comparisons.flatMap((one) => {
      const start = [plan.name, one.arm, one.against, budget]
      const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
      const numbers = ({
        mean: difference,
        deviation,
        interval,
        pValue,
        pHolm,
      }: Pick<typeof one, 'mean' | 'deviation' | 'interval' | 'pValue' | 'pHolm'>): Value[] => [
        difference,
        deviation,
        interval?.low ?? null,
        interval?.high ?? null,
        pValue,
        pHolm,
      ]
      const published = (metric: typeof one.metric): Value => (one.metric === metric ? one.published : null)
      const clean = [
        ...start,
        'accuracy',
        one.perSeed.length,
        mean(one.perSeed.map(({ first }) => first)),
        mean(one.perSeed.map(({ second }) => second)),
        ...numbers(one),
        one.bootstrap.low,
        one.bootstrap.high,
        published('clean'),
      ]
      const { corrupted } = one
      if (corrupted === null) return [clean]
      return [
        clean,
        [
          ...start,
          'corrupted_error',
          corrupted.seeds.length,
          corrupted.first,
          corrupted.second,
          ...numbers(corrupted),
          corrupted.bootstrap.low,
          corrupted.bootstrap.high,
          published('corrupted'),
        ],
        ...corrupted.perCorruption.map((row) => [
          ...start,
          `error_${row.corruption}`,
          corrupted.seeds.length,
          row.first,
          row.second,
          ...numbers(row),
          null,
          null,
          null,
        ]),
      ]
    }),
  )
  return table(head, rows)
}
