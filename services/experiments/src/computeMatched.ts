import { comparedPairs, experimentDefinition, type ExperimentDefinition } from '@imclr/contract'
import { picturesPerInput } from '@imclr/contract'
import type { TrainingSpec } from '@imclr/contract'

type Arm = ExperimentDefinition['arms'][number]

/**
 * Adds baselines that get the compute of ImCLR to an experiment. Without them, ImCLR and the baseline train for the
 * same number of steps, but an input of ImCLR has k images and costs k times the compute. A compute-matched baseline
 * spends this compute on single images. One trains for k times the epochs, which makes k times the steps. The other
 * trains with k times the batch for k times the epochs, which makes the same number of steps (except for images that do
 * not fill a batch). Returns null if no arm with ImCLR is compared with a baseline.
 */
export function withComputeMatched(definition: ExperimentDefinition): ExperimentDefinition | null {
  const pairs = comparedPairs(definition)
  const armOf = (named: string): Arm | undefined => definition.arms.find(({ name }) => name === named)
  const matched = new Map<string, Arm>()
  const comparisons = pairs.flatMap((pair) => {
    const [arm, against] = [armOf(pair.arm), armOf(pair.against)]
    if (arm?.spec.mode !== 'imclr' || against?.spec.mode !== 'baseline') return [pair]
    const own = matchedTo(against, picturesPerInput(arm.spec).trained)
    for (const one of own) matched.set(one.name, one)
    return [pair, ...own.map(({ name }) => ({ ...pair, against: name, published: null }))]
  })
  if (matched.size === 0) return null
  return experimentDefinition.parse({
    ...definition,
    name: `${definition.name}-compute-matched`,
    title: `${definition.title}, with compute-matched baselines`,
    arms: [...definition.arms, ...matched.values()],
    comparisons,
  })
}

function matchedTo({ name, title, spec }: Arm, k: number): Arm[] {
  const longer = (ramp: TrainingSpec['rampUp']): TrainingSpec['rampUp'] => ramp && { ...ramp, epochs: k * ramp.epochs }
  const epochs = { ...spec, epochs: k * spec.epochs, rampUp: longer(spec.rampUp), rampDown: longer(spec.rampDown) }
  return [
    { name: `${name}-epochs-x${k}`, title: `${title}, ${k} times the epochs`, spec: epochs },
    {
      name: `${name}-batch-x${k}`,
      title: `${title}, ${k} times the batch, as many steps`,
      spec: { ...epochs, batchSize: k * spec.batchSize },
    },
  ]
}
