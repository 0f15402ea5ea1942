import { differingFields } from './differingFields.js'
import type { TrainingSpec } from './trainingSpec.js'

/**
 * Whether a finished training can stand for a requested one. Both must be the same in everything except the evaluation,
 * where the finished one may have measured more. A model does not depend on how it is measured afterwards. Both specs
 * must have been parsed.
 */
export function satisfies(done: TrainingSpec, asked: TrainingSpec): boolean {
  const { evaluation: measured, ...trained } = done
  const { evaluation: wanted, ...wished } = asked
  const further =
    wanted.corruptionImages === 'none' && wanted.perturbationImages === 'none' && wanted.referenceModelId === null
  return differingFields(trained, wished).length === 0 && (further || differingFields(measured, wanted).length === 0)
}
