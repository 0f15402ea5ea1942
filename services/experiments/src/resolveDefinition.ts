import type { z } from 'zod'
import { differingFields } from '@imclr/contract'
import {
  experimentDefinition,
  longestParagraph,
  type createExperimentRequest,
  type ExperimentDefinition,
} from '@imclr/contract'
import { Failure, type Issue } from '@imclr/contract'
import { definitionOf } from './presets/preset.js'
import { presets } from './presets/presets.js'
import { withComputeMatched } from './computeMatched.js'

export type ExperimentChoice = Omit<z.output<typeof createExperimentRequest>, 'versionId'>

/**
 * Makes a complete definition from a request. If the request changes label budgets or settings, a sentence at the end
 * of the recipe names the changes. Throws Failure BAD_INPUT if the request wants compute-matched baselines, but no arm
 * with ImCLR is compared with a baseline.
 */
export function resolveDefinition({
  experiment,
  scale,
  seeds,
  budgets,
  overrides = {},
  computeMatched,
}: ExperimentChoice): ExperimentDefinition {
  const base = typeof experiment === 'string' ? definitionOf(presets[experiment], scale) : experiment
  const plain = experimentDefinition.parse({
    ...base,
    seeds: seeds ?? base.seeds,
    budgets: budgets ?? base.budgets,
    arms: base.arms.map((arm) => ({ ...arm, spec: { ...arm.spec, ...overrides } })),
  })
  const definition = { ...plain, recipe: recipeOf(base, plain) }
  if (!computeMatched) return definition
  const extended = withComputeMatched(definition)
  if (extended === null)
    throw new Failure('BAD_INPUT', `${plain.name} has no baseline to match in compute`, { issues: [nothingToMatch] })
  return extended
}

const nothingToMatch: Issue = {
  path: 'computeMatched',
  code: 'contradiction',
  message: 'No arm with ImCLR is compared with a baseline here',
  fix: 'Leave computeMatched out, or compare one with the other',
}

function recipeOf(base: ExperimentDefinition, { arms, budgets }: ExperimentDefinition): string | null {
  if (base.recipe === null) return null
  const otherwise = new Set<string>()
  if (differingFields({ budgets }, { budgets: base.budgets }).length > 0)
    otherwise.add(`${budgets.map((budget) => budget?.toLocaleString('en') ?? 'all').join(', ')} labels`)
  arms.forEach(({ spec }, i) =>
    differingFields(spec, base.arms[i]!.spec).forEach((field) => {
      const value = spec[field as keyof typeof spec]
      otherwise.add(typeof value === 'object' ? `another ${field}` : `${field} ${value}`)
    }),
  )
  return otherwise.size === 0
    ? base.recipe
    : `${base.recipe} But with ${[...otherwise].join(', ')}.`.slice(0, longestParagraph)
}
