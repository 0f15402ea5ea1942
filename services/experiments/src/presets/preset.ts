import type { ExperimentRequirements, PlannedRun, Scale } from '@imclr/contract'
import { experimentDefinition, specOverrides, type ExperimentDefinition } from '@imclr/contract'
import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import type { PresetName } from '@imclr/contract'

/** A published claim as an experiment that can be run. A preset is only data. */
export interface Preset {
  name: PresetName
  title: string
  /** The paper's statement, and where it stands. */
  claim: string
  arms: readonly PresetArm[]
  /** `published` is in percentage points; null if there is no published number. */
  comparisons: readonly { arm: string; against: string; published: number | null; metric?: 'clean' | 'corrupted' }[]
  requires: Partial<ExperimentRequirements>
  scales: Record<Scale, PresetScale>
}

export interface PresetArm {
  name: string
  title: string
  /** The arm's settings, which replace those of the scale. */
  spec: TrainingSpecInput
}

export interface PresetScale {
  /** The source of the recipe, and the differences from it. */
  recipe: string
  spec: TrainingSpecInput
  seeds: readonly number[]
  budgets: readonly PlannedRun['budget'][]
  /** Requirements that replace the preset's own. */
  requires?: Partial<ExperimentRequirements>
}

/** Makes the experiment that a preset stands for at a scale. */
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
