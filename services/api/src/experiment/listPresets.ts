import { definitionOf, presets } from '@imclr/experiments'
import { experimentRequirements, presetName, presetNames, scale, scales } from '@imclr/contract'
import { z } from 'zod'

const presetScale = z.object({
  scale,
  recipe: z.string(),
  runs: z.int(),
  seeds: z.array(z.int()),
  budgets: z.array(z.int().nullable()),
  requires: experimentRequirements,
})
export const presetList = z.object({
  presets: z.array(
    z.object({
      name: presetName,
      title: z.string(),
      claim: z.string(),
      arms: z.array(z.string()),
      scales: z.array(presetScale),
    }),
  ),
})

/** The published claims that can be run by name, each at its three scales. */
export function listPresets(): z.infer<typeof presetList> {
  return {
    presets: presetNames.map((name) => {
      const { title, claim, arms, scales: own } = presets[name]
      return {
        name,
        title,
        claim,
        arms: arms.map((arm) => arm.name),
        scales: scales.map((one) => {
          const { seeds, budgets, requires } = definitionOf(presets[name], one)
          return {
            scale: one,
            recipe: own[one].recipe,
            runs: arms.length * seeds.length * budgets.length,
            seeds,
            budgets,
            requires,
          }
        }),
      }
    }),
  }
}
