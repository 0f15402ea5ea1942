import { differingFields } from '@imclr/contract'
import { Failure } from '@imclr/contract'
import type { ExperimentRuns, RunRecord } from '@imclr/contract'

/** A run's place in its experiment, as a key. */
export const runKey = ({ arm, seed, budget }: Pick<RunRecord, 'arm' | 'seed' | 'budget'>): string =>
  `${arm} / seed ${seed} / ${budget ?? 'all'} labels`

/**
 * Fields that may differ between the runs of one arm: the experiment sets them, the data limit them, or they do not
 * change a result.
 */
const free = new Set(['seed', 'subsetSeed', 'trainImages', 'batchSize', 'limits', 'execution'])

/**
 * Merges the runs of several machines (or days) into one experiment. Throws Failure CONFLICT if they belong to
 * different experiments or data, if two runs of one place differ, or if an arm was trained differently in one of them.
 */
export function mergeRuns(files: readonly ExperimentRuns[]): ExperimentRuns {
  const [first] = files
  if (first === undefined) throw new Failure('BAD_INPUT', 'There are no stored runs to merge')
  const same = (what: (plan: ExperimentRuns['plan']) => object): boolean =>
    files.every(({ plan }) => differingFields(what(plan), what(first.plan)).length === 0)
  if (!same(({ name }) => ({ name })))
    throw new Failure(
      'CONFLICT',
      `These are runs of different experiments: ${[...new Set(files.map(({ plan }) => plan.name))].join(', ')}`,
    )
  if (!same(({ arms, comparisons }) => ({ arms: arms.map(({ name }) => name), comparisons })))
    throw new Failure('CONFLICT', `The files have different arms or comparisons for ${first.plan.name}`)

  const runs = new Map<string, RunRecord>()
  for (const run of files.flatMap((file) => file.runs)) {
    const twin = runs.get(runKey(run))
    if (twin !== undefined && twin.correct !== run.correct)
      throw new Failure('CONFLICT', `There are two different runs of ${runKey(run)}; leave one of them out`)
    if (twin === undefined) runs.set(runKey(run), run)
  }
  const armNames = first.plan.arms.map(({ name }) => name)
  const all = [...runs.values()].sort(
    (a, b) =>
      a.seed - b.seed ||
      (a.budget ?? Infinity) - (b.budget ?? Infinity) ||
      armNames.indexOf(a.arm) - armNames.indexOf(b.arm),
  )
  refuseUnlike(all)
  const seeds = distinct(files.flatMap(({ plan }) => plan.seeds)).sort((a, b) => a - b)
  const budgets = distinct(files.flatMap(({ plan }) => plan.budgets)).sort((a, b) => (a ?? Infinity) - (b ?? Infinity))
  const withoutResult = new Map(
    files
      .flatMap((file) => file.withoutResult)
      .filter((one) => !runs.has(runKey(one)))
      .map((one) => [runKey(one), one]),
  )
  return {
    schemaVersion: 1,
    plan: { ...first.plan, seeds, budgets },
    runs: all,
    withoutResult: [...withoutResult.values()],
  }
}

function refuseUnlike(runs: readonly RunRecord[]): void {
  const models = new Map<string, RunRecord>()
  const [first] = runs
  for (const run of runs) {
    if (run.content !== first!.content || run.testImages !== first!.testImages)
      throw new Failure('CONFLICT', `${runKey(run)} and ${runKey(first!)} were measured on different data set versions`)
    const model = models.get(run.arm) ?? run
    models.set(run.arm, model)
    const unlike = differingFields(model.spec, run.spec).filter((name) => !free.has(name))
    if (unlike.length > 0)
      throw new Failure(
        'CONFLICT',
        `${runKey(run)} and ${runKey(model)} were trained differently: ${unlike.join(', ')}`,
      )
  }
}

const distinct = <T>(values: T[]): T[] => [...new Set(values)]
