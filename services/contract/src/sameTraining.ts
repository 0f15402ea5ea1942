import { differingFields } from './differingFields.js'
import type { TrainingSpec } from './trainingSpec.js'

/**
 * Whether a training that is there is as good as one that is asked for: the same in everything, but for an evaluation that may
 * have gone further. A model does not depend on what it is measured on afterwards. Both specs are parsed ones.
 */
export function satisfies(done: TrainingSpec, asked: TrainingSpec): boolean {
  const { evaluation: measured, ...trained } = done
  const { evaluation: wanted, ...wished } = asked
  const further =
    wanted.corruptionImages === 'none' && wanted.perturbationImages === 'none' && wanted.referenceModelId === null
  return differingFields(trained, wished).length === 0 && (further || differingFields(measured, wanted).length === 0)
}
