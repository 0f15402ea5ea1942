import { comparedPairs, type ExperimentComparison } from '@imclr/contract'
import type { ArmResult, BudgetResult, ExperimentReport } from './experimentReport.js'
import { mergeRuns, runKey } from './mergeRuns.js'
import type { ExperimentRuns, RunRecord } from '@imclr/contract'
import { compareArms } from './compareArms.js'
import { holm } from '@imclr/statistics'
import { seedInterval } from '@imclr/statistics'

export interface ReportOptions {
  /** Number of resamples in each bootstrap. @default 4000 */
  resamples?: number
}

/** Makes the report from an experiment's stored runs, even if some are missing. It is a pure function of the runs. */
export function reportExperiment(stored: ExperimentRuns, { resamples = 4000 }: ReportOptions = {}): ExperimentReport {
  const { plan, runs, withoutResult } = mergeRuns([stored])
  const pairs = comparedPairs(plan)
  const budgets = plan.budgets
    .map((budget) =>
      budgetResult(
        runs.filter((run) => run.budget === budget),
        { plan, pairs, budget, resamples },
      ),
    )
    .filter(({ arms }) => arms.length > 0)
  const [first] = runs
  const reasons = new Map(withoutResult.map((one) => [runKey(one), one.why]))
  const there = new Set(runs.map(runKey))
  const planned = plan.seeds.flatMap((seed) =>
    plan.budgets.flatMap((budget) => plan.arms.map(({ name }) => ({ arm: name, seed, budget }))),
  )
  return {
    schemaVersion: 1,
    plan: { ...plan, comparisons: pairs },
    data: first ? { content: first.content, testImages: first.testImages } : null,
    runs: { planned: planned.length, there: runs.length },
    ...adjusted(budgets),
    resamples,
    missing: planned
      .filter((one) => !there.has(runKey(one)))
      .map((one) => ({ ...one, why: reasons.get(runKey(one)) ?? 'it was not run' })),
    specs: plan.arms.flatMap(({ name }) => {
      const run = runs.find(({ arm }) => arm === name)
      return run ? [{ arm: name, spec: run.spec }] : []
    }),
    environments: environmentsOf(runs),
    notes,
  }
}

interface Part {
  plan: ExperimentRuns['plan']
  pairs: ExperimentComparison[]
  budget: number | null
  resamples: number
}

function budgetResult(runs: readonly RunRecord[], { plan, pairs, budget, resamples }: Part): BudgetResult {
  const of = (arm: string): RunRecord[] => runs.filter((run) => run.arm === arm).sort((a, b) => a.seed - b.seed)
  const arms = plan.arms.flatMap(({ name }) => {
    const own = of(name)
    return own.length > 0 ? [armResult(name, own)] : []
  })
  const comparisons = pairs.flatMap((pair) => {
    const others = new Map(of(pair.against).map((run) => [run.seed, run]))
    const both = of(pair.arm).flatMap((second) => {
      const first = others.get(second.seed)
      return first ? [{ seed: second.seed, first, second }] : []
    })
    return both.length > 0 ? [compareArms(pair, both, resamples)] : []
  })
  return { budget, arms, comparisons }
}

function armResult(arm: string, runs: readonly RunRecord[]): ArmResult {
  const accuracies = runs.map(({ seed, accuracy }) => ({ seed, accuracy }))
  const values = accuracies.map(({ accuracy }) => accuracy)
  const mean = (of: (run: RunRecord) => number): number => runs.reduce((sum, run) => sum + of(run), 0) / runs.length
  const errors = runs
    .flatMap(({ corrupted }) => (corrupted ? [corrupted.cells.filter(({ benchmark }) => benchmark)] : []))
    .map((cells) => cells.reduce((sum, { error }) => sum + error, 0) / cells.length)
  const { pValue: _, ...spread } = seedInterval(values)
  return {
    arm,
    accuracies,
    ...spread,
    lowest: Math.min(...values),
    highest: Math.max(...values),
    corruptedError: errors.length > 0 ? errors.reduce((sum, error) => sum + error, 0) / errors.length : null,
    steps: mean(({ steps }) => steps),
    seconds: mean(({ seconds }) => seconds),
    epochs: mean(({ epochs }) => epochs),
  }
}

/** Holm's adjustment over all differences of one kind in the report: clean, and mean error under corruption. */
function adjusted(budgets: BudgetResult[]): Pick<ExperimentReport, 'budgets' | 'compared'> {
  const all = budgets.flatMap(({ comparisons }) => comparisons)
  const clean = holm(all.map(({ pValue }) => pValue))
  const corrupted = holm(all.map((one) => one.corrupted?.pValue ?? null))
  let at = 0
  return {
    compared: all.length,
    budgets: budgets.map((budget) => ({
      ...budget,
      comparisons: budget.comparisons.map((one) => {
        const index = at++
        return {
          ...one,
          pHolm: clean[index]!,
          corrupted: one.corrupted && { ...one.corrupted, pHolm: corrupted[index]! },
        }
      }),
    })),
  }
}

function environmentsOf(runs: readonly RunRecord[]): ExperimentReport['environments'] {
  const found = new Map<string, ExperimentReport['environments'][number]>()
  for (const { environment } of runs) {
    const key = JSON.stringify(environment)
    const known = found.get(key)
    if (known) known.runs++
    else found.set(key, { runs: 1, environment })
  }
  return [...found.values()]
}

const notes = [
  'Runs of one seed share their training images, their order, and the test images: differences are taken within a seed. Seed s of the experiment is both seed and subsetSeed of its runs, so another seed means other first weights, another order and, below all labels, other labelled images.',
  "Interval over seeds: Student's t with n - 1 degrees of freedom on the paired differences, 95 %. It says what other seeds would give on these test images, and is exact where the differences are normal.",
  'Bootstrap over seeds and images: both are drawn anew with replacement, 2.5 and 97.5 % points. It says what other seeds and other test images would give; with few seeds it is too narrow.',
  "McNemar's test per seed takes one pair of models for granted: it tells whether these two models differ, not whether the methods do.",
  "Holm's adjustment is over all differences of one kind in this report (pairs of arms times label budgets), and within one comparison over its corruptions. Intervals are not adjusted: with many of them, some miss by chance.",
  'Seconds are those of the training steps as measured; they compare only where the machine and its load were the same.',
]
