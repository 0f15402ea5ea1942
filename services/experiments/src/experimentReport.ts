/** The report of an experiment: every number of its page. Shares are 0..1. Differences are `arm` minus `against`. */
import { z } from 'zod'
import { environment } from '@imclr/contract'
import { experimentPlan } from '@imclr/contract'

const interval = z.object({ low: z.number(), high: z.number() })
const count = z.int().nonnegative()

/** Statistics over seeds, as `seedInterval` computes them. */
const overSeeds = {
  mean: z.number(),
  deviation: z.number().nullable(),
  interval: interval.nullable(),
  pValue: z.number().nullable(),
}
/** Statistics of a difference over seeds. `pHolm` is the p value, adjusted for the number of comparisons. */
const difference = { ...overSeeds, pHolm: z.number().nullable() }

export const armResult = z.object({
  arm: z.string(),
  accuracies: z.array(z.object({ seed: z.int(), accuracy: z.number() })),
  mean: z.number(),
  deviation: z.number().nullable(),
  interval: interval.nullable(),
  lowest: z.number(),
  highest: z.number(),
  corruptedError: z.number().nullable(), // mean over the seeds that have this error
  steps: z.number(), // mean over the seeds, like `seconds` and `epochs`
  seconds: z.number(),
  epochs: z.number(),
})
export type ArmResult = z.infer<typeof armResult>

export const corruptedResult = z.object({
  seeds: z.array(z.int()),
  images: count, // images per seed
  first: z.number(), // mean error of `against`
  second: z.number(), // mean error of `arm`
  ...difference, // difference of the errors; below zero `arm` is better
  bootstrap: interval,
  perCorruption: z.array(
    z.object({ corruption: z.string(), benchmark: z.boolean(), first: z.number(), second: z.number(), ...difference }),
  ),
  // Over the benchmark's corruptions.
  perSeverity: z.array(z.object({ severity: z.int(), first: z.number(), second: z.number(), ...overSeeds })),
  cells: z.array(z.object({ corruption: z.string(), severity: z.int(), benchmark: z.boolean(), ...overSeeds })),
})
export type CorruptedResult = z.infer<typeof corruptedResult>

export const comparisonResult = z.object({
  arm: z.string(),
  against: z.string(),
  published: z.number().nullable(), // in percentage points
  metric: z.enum(['clean', 'corrupted']), // the number that `published` is about
  perSeed: z.array(
    z.object({
      seed: z.int(),
      first: z.number(),
      second: z.number(),
      difference: z.number(),
      onlyFirst: count,
      onlySecond: count,
      pValue: z.number(),
    }),
  ), // `pValue` is McNemar's
  ...difference,
  bootstrap: interval,
  stepsRatio: z.number(), // cost of `arm` divided by the cost of `against`
  secondsRatio: z.number(),
  corrupted: corruptedResult.nullable(),
  whyNoCorrupted: z.string().nullable(),
})
export type ComparisonResult = z.infer<typeof comparisonResult>

export const budgetResult = z.object({
  budget: z.int().nullable(),
  arms: z.array(armResult),
  comparisons: z.array(comparisonResult),
})
export type BudgetResult = z.infer<typeof budgetResult>

export const experimentReport = z.object({
  schemaVersion: z.literal(1),
  plan: experimentPlan,
  data: z.object({ content: z.string(), testImages: count }).nullable(), // null if no run has a result yet
  runs: z.object({ planned: count, there: count }),
  budgets: z.array(budgetResult), // the budgets with a result
  compared: count, // how many differences Holm's adjustment covers
  resamples: count,
  missing: z.array(z.object({ arm: z.string(), seed: z.int(), budget: z.int().nullable(), why: z.string() })),
  specs: z.array(z.object({ arm: z.string(), spec: z.record(z.string(), z.unknown()) })), // the spec of one run per arm
  environments: z.array(z.object({ runs: count, environment })),
  notes: z.array(z.string()),
})
export type ExperimentReport = z.infer<typeof experimentReport>
