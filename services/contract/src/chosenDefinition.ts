import type { z } from 'zod'
import { experimentDefinition, type createExperimentRequest, type ExperimentDefinition } from './experiment.js'
import { definitionOf } from './presets/preset.js'
import { presets } from './presets/presets.js'
import { withRivals } from './rivals.js'

export type ExperimentChoice = Omit<z.output<typeof createExperimentRequest>, 'versionId'>

/** What a request asks for, as a whole definition. Null: rivals are asked for, and no arm with ImCLR is compared with a baseline. */
export function chosenDefinition({ experiment, scale, seeds, budgets, change = {}, rivals }: ExperimentChoice): ExperimentDefinition | null {
  const base = typeof experiment === 'string' ? definitionOf(presets[experiment], scale) : experiment
  const plain = experimentDefinition.parse({
    ...base, seeds: seeds ?? base.seeds, budgets: budgets ?? base.budgets,
    arms: base.arms.map((arm) => ({ ...arm, spec: { ...arm.spec, ...change } })),
  })
  return rivals ? withRivals(plain) : plain
}
