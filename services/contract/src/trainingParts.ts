import type { UnlabelledSource } from './semiSupervised.js'
import type { TrainingSpec, Validation } from './trainingSpec.js'

type Budgeted = Pick<TrainingSpec, 'trainImages' | 'validation'>

/** Images of the parts of a version. */
interface Counts {
  train: number
  validation: number
}

/** Whether the best epoch is chosen by the validation part that came with the data set. */
export const isGivenValidation = (validation: Validation | null): boolean =>
  validation === 'given' || validation?.part === 'given'

const budgetOf = ({ trainImages }: Budgeted, available: number): number => Math.min(trainImages ?? available, available)

/** How many images of the label budget are held back to choose the best epoch by. */
function heldBack({ validation }: Budgeted, budget: number): number {
  if (validation === null || validation === 'given') return 0
  return validation.images ?? Math.round((validation.fraction ?? 0) * budget)
}

/** How many images a job trains on, and by how many it chooses the best epoch: the version's own validation part, or training images that are held back. */
export function trainingParts(spec: Budgeted, counts: Counts): { train: number; validation: number } {
  const budget = budgetOf(spec, counts.train)
  const held = heldBack(spec, budget)
  return { train: budget - held, validation: isGivenValidation(spec.validation) ? counts.validation : held }
}

/** How many images without labels each source has. */
export function unlabelledParts(
  spec: Budgeted,
  { unlabelled, ...counts }: Counts & { unlabelled: number },
): Record<UnlabelledSource, number> {
  return {
    unlabelled,
    'left-over': counts.train - budgetOf(spec, counts.train),
    labelled: trainingParts(spec, counts).train,
  }
}

/** A spec as it is run on so many training images: a batch has no more than there are to train on. */
export const fitSpec = (spec: TrainingSpec, available: number): TrainingSpec => ({
  ...spec,
  batchSize: Math.min(spec.batchSize, Math.max(1, trainingParts(spec, { train: available, validation: 0 }).train)),
})
