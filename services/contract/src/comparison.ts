import { z } from 'zod'

const interval = z.object({ low: z.number(), high: z.number() })

export const pairedDifferenceSchema = z.object({
  images: z.int(),
  first: z.number(),
  second: z.number(),
  difference: z.number(), // second - first
  interval, // 95 %, from a paired bootstrap
  resamples: z.int(),
  mcnemar: z.object({
    onlyFirst: z.int(),
    onlySecond: z.int(),
    method: z.enum(['exact binomial', 'chi-squared with continuity correction']),
    chiSquared: z.number().nullable(),
    pValue: z.number(),
  }),
})

/**
 * Two models on one dataset version. A difference is the second model's value minus the first's: accuracy for `clean`,
 * error for the corruptions.
 */
export const comparison = z.object({
  clean: pairedDifferenceSchema,
  corruption: z
    .object({
      images: z.int(),
      cells: z.int(), // number of cells: the benchmark's corruptions at all severities
      first: z.number(), // mean error of the first model
      second: z.number(),
      difference: z.number(),
      interval, // 95 %, from a bootstrap over images
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

/** A comparison of two evaluations. `clean` is null on a stored set of corrupted images, which has no clean ones. */
export const evaluationComparison = comparison.extend({ clean: pairedDifferenceSchema.nullable() })
export type EvaluationComparison = z.infer<typeof evaluationComparison>
