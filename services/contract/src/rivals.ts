import { comparedPairs, experimentDefinition, type ExperimentDefinition } from './experiment.js'
import { picturesPerInput } from './picturesPerInput.js'
import type { TrainingSpec } from './trainingSpec.js'

type Arm = ExperimentDefinition['arms'][number]

/**
 * The experiment with fair rivals of its baselines. As it is, ImCLR and the baseline are given as many steps, but ImCLR's inputs, of k
 * images each, take k times the compute. The rivals spend that on single images: k times the epochs, which are k times the steps; or
 * k times the batch for k times the epochs, which are as many steps (but for images that fill no batch). Null where no arm with
 * ImCLR is compared with one without.
 */
export function withRivals(definition: ExperimentDefinition): ExperimentDefinition | null {
  const pairs = comparedPairs(definition)
  const armOf = (named: string): Arm | undefined => definition.arms.find(({ name }) => name === named)
  const rivals = new Map<string, Arm>()
  const comparisons = pairs.flatMap((pair) => {
    const [arm, against] = [armOf(pair.arm), armOf(pair.against)]
    if (arm?.spec.mode !== 'imclr' || against?.spec.mode !== 'baseline') return [pair]
    const own = rivalsOf(against, picturesPerInput(arm.spec).trained)
    for (const rival of own) rivals.set(rival.name, rival)
    return [pair, ...own.map(({ name }) => ({ ...pair, against: name, published: null }))]
  })
  if (rivals.size === 0) return null
  return experimentDefinition.parse({
    ...definition,
    name: `${definition.name}-rivals`,
    title: `${definition.title}, with fair rivals`,
    arms: [...definition.arms, ...rivals.values()],
    comparisons,
  })
}

function rivalsOf({ name, title, spec }: Arm, k: number): Arm[] {
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
