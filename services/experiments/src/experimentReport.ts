/** The report of an experiment: every number of its page. Shares are 0..1, differences are of `arm` minus `against`. */
import { z } from 'zod'
import { environment } from '@imclr/contract'
import { experimentPlan } from '@imclr/contract'

const interval = z.object({ low: z.number(), high: z.number() })
const count = z.int().nonnegative()

/** Over seeds: what `seedInterval` says. */
const overSeeds = {
  mean: z.number(),
  deviation: z.number().nullable(),
  interval: interval.nullable(),
  pValue: z.number().nullable(),
}
/** The same of a difference, with what several of them make of its p value, and the bootstrap over seeds and images. */
const difference = { ...overSeeds, pHolm: z.number().nullable() }

export const armResult = z.object({
  arm: z.string(),
  accuracies: z.array(z.object({ seed: z.int(), accuracy: z.number() })),
  mean: z.number(),
  deviation: z.number().nullable(),
  interval: interval.nullable(),
  lowest: z.number(),
  highest: z.number(),
  corruptedError: z.number().nullable(), // mean over the seeds that have it
  steps: z.number(), // means over the seeds
  seconds: z.number(),
  epochs: z.number(),
})
export type ArmResult = z.infer<typeof armResult>

export const corruptedResult = z.object({
  seeds: z.array(z.int()),
  images: count, // per seed
  first: z.number(), // mean error of `against`, and of `arm`
  second: z.number(),
  ...difference, // of the errors: below zero, `arm` is better
  bootstrap: interval,
  perCorruption: z.array(
    z.object({ corruption: z.string(), benchmark: z.boolean(), first: z.number(), second: z.number(), ...difference }),
  ),
  perSeverity: z.array(z.object({ severity: z.int(), first: z.number(), second: z.number(), ...overSeeds })), // over the benchmark's
  cells: z.array(z.object({ corruption: z.string(), severity: z.int(), benchmark: z.boolean(), ...overSeeds })),
})
export type CorruptedResult = z.infer<typeof corruptedResult>

export const comparisonResult = z.object({
  arm: z.string(),
  against: z.string(),
  published: z.number().nullable(), // percentage points
  metric: z.enum(['clean', 'corrupted']), // of `published`
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
  ), // McNemar's
  ...difference,
  bootstrap: interval,
  stepsRatio: z.number(), // cost of `arm` in that of `against`
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
  data: z.object({ content: z.string(), testImages: count }).nullable(), // null: no run has a result yet
  runs: z.object({ planned: count, there: count }),
  budgets: z.array(budgetResult), // those with a result
  compared: count, // how many differences Holm's adjustment is over
  resamples: count,
  missing: z.array(z.object({ arm: z.string(), seed: z.int(), budget: z.int().nullable(), why: z.string() })),
  specs: z.array(z.object({ arm: z.string(), spec: z.record(z.string(), z.unknown()) })), // of a run each
  environments: z.array(z.object({ runs: count, environment })),
  notes: z.array(z.string()),
})
export type ExperimentReport = z.infer<typeof experimentReport>
