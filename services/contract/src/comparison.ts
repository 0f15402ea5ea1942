import { z } from 'zod'

const interval = z.object({ low: z.number(), high: z.number() })

export const pairedDifferenceSchema = z.object({
  images: z.int(),
  first: z.number(),
  second: z.number(),
  difference: z.number(), // second - first
  interval, // paired bootstrap, 95 %
  resamples: z.int(),
  mcnemar: z.object({
    onlyFirst: z.int(),
    onlySecond: z.int(),
    method: z.enum(['exact binomial', 'chi-squared with continuity correction']),
    chiSquared: z.number().nullable(),
    pValue: z.number(),
  }),
})

/** Two models on one dataset version. Differences are second minus first, of accuracy for `clean`, of error for the corruptions. */
export const comparison = z.object({
  clean: pairedDifferenceSchema,
  corruption: z
    .object({
      images: z.int(),
      cells: z.int(), // of the benchmark's corruptions, all severities
      first: z.number(), // mean error
      second: z.number(),
      difference: z.number(),
      interval, // bootstrap over images, 95 %
      perCorruption: z.array(
        z.object({
          corruption: z.string(),
          benchmark: z.boolean(),
          first: z.number(),
          second: z.number(),
          difference: z.number(),
        }),
      ),
    })
    .nullable(),
  whyNoCorruption: z.string().nullable(),
})
export type Comparison = z.infer<typeof comparison>

/** The same of two evaluations: on a stored set of corrupted images nothing is clean. */
export const evaluationComparison = comparison.extend({ clean: pairedDifferenceSchema.nullable() })
export type EvaluationComparison = z.infer<typeof evaluationComparison>
