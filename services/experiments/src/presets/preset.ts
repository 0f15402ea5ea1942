import type { ExperimentRequirements, PlannedRun, Scale } from '@imclr/contract'
import { experimentDefinition, specOverrides, type ExperimentDefinition } from '@imclr/contract'
import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import type { PresetName } from '@imclr/contract'

/** A published claim as something to run. Data, and nothing else. */
export interface Preset {
  name: PresetName
  title: string
  /** What the paper says, and where. */
  claim: string
  arms: readonly PresetArm[]
  /** `published` in percentage points; null where no number is. */
  comparisons: readonly { arm: string; against: string; published: number | null; metric?: 'clean' | 'corrupted' }[]
  requires: Partial<ExperimentRequirements>
  scales: Record<Scale, PresetScale>
}

export interface PresetArm {
  name: string
  title: string
  /** What it has in place of the scale's. */
  spec: TrainingSpecInput
}

export interface PresetScale {
  /** Where the recipe comes from, and what is otherwise than there. */
  recipe: string
  spec: TrainingSpecInput
  seeds: readonly number[]
  budgets: readonly PlannedRun['budget'][]
  /** In place of the preset's own. */
  requires?: Partial<ExperimentRequirements>
}

/** A preset at a scale, as the experiment that it stands for. */
export function definitionOf(
  { name, title, claim, arms, comparisons, requires, scales }: Preset,
  scale: Scale,
): ExperimentDefinition {
  const { recipe, spec, seeds, budgets, requires: own } = scales[scale]
  return experimentDefinition.parse({
    name: `${name}-${scale}`,
    title,
    claim,
    recipe,
    seeds,
    budgets,
    arms: arms.map((arm) => ({
      name: arm.name,
      title: arm.title,
      spec: { ...trainingSpec.parse(spec), ...specOverrides.parse(arm.spec) },
    })),
    comparisons: [...comparisons],
    requires: { ...requires, ...own },
  })
}
