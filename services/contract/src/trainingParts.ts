import type { UnlabelledSource } from './semiSupervised.js'
import type { TrainingSpec, Validation } from './trainingSpec.js'

type Budgeted = Pick<TrainingSpec, 'trainImages' | 'validation'>

/** Number of images in each part of a version. */
interface Counts {
  train: number
  validation: number
}

/** Whether the validation part that came with the data set decides which epoch is best. */
export const isGivenValidation = (validation: Validation | null): boolean =>
  validation === 'given' || validation?.part === 'given'

const budgetOf = ({ trainImages }: Budgeted, available: number): number => Math.min(trainImages ?? available, available)

/** How many images of the label budget are held back to find the best epoch. */
function heldBack({ validation }: Budgeted, budget: number): number {
  if (validation === null || validation === 'given') return 0
  return validation.images ?? Math.round((validation.fraction ?? 0) * budget)
}

/**
 * How many images a job trains on, and how many decide which epoch is best. The latter are the version's own validation
 * part, or training images that are held back.
 */
export function trainingParts(spec: Budgeted, counts: Counts): { train: number; validation: number } {
  const budget = budgetOf(spec, counts.train)
  const held = heldBack(spec, budget)
  return { train: budget - held, validation: isGivenValidation(spec.validation) ? counts.validation : held }
}

/** How many unlabelled images each source has. */
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

/**
 * Fits a spec to the number of available training images: a batch has at most as many inputs as there are images to
 * train on.
 */
export const fitSpec = (spec: TrainingSpec, available: number): TrainingSpec => ({
  ...spec,
  batchSize: Math.min(spec.batchSize, Math.max(1, trainingParts(spec, { train: available, validation: 0 }).train)),
})
