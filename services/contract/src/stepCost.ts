import { viewsOf } from './augmentation.js'
import { picturesPerInput } from './picturesPerInput.js'
import type { TrainingSpec } from './trainingSpec.js'

/** How many images are stacked into one unlabelled input. */
export const stackedUnlabelled = (spec: Pick<TrainingSpec, 'mode' | 'stacking' | 'semiSupervised'>): number =>
  spec.semiSupervised !== null && spec.semiSupervised.method !== 'pseudo-label' && spec.semiSupervised.stackUnlabelled
    ? picturesPerInput(spec).trained
    : 1

/**
 * The cost of a step per labelled input, in forward passes of one such input. A pass with gradients counts as three:
 * the forward pass, the gradient of the inputs and the gradient of the weights.
 */
export function stepCost(spec: Pick<TrainingSpec, 'mode' | 'stacking' | 'semiSupervised' | 'augment'>): number {
  const { semiSupervised } = spec
  const labelled = 3 * viewsOf(spec.augment)
  if (semiSupervised === null) return labelled
  const { method, ratio } = semiSupervised
  const second = method === 'pseudo-label' ? 0 : method === 'pi-model' && semiSupervised.target === 'attached' ? 3 : 1
  return labelled + (ratio * (3 + second) * stackedUnlabelled(spec)) / picturesPerInput(spec).trained
}
