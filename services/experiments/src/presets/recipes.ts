/** Recipes that several presets share, each with its source. */
import type { TrainingSpecInput } from '@imclr/contract'

/**
 * weiaicunzai/pytorch-cifar100: 0.1, times 0.2 at epochs 60, 120 and 160 of 200, batch 128, decay 5e-4, Nesterov 0.9.
 */
export const stepRecipe = {
  epochs: 200,
  batchSize: 128,
  learningRate: 0.1,
  schedule: { kind: 'step', milestones: [0.3, 0.6, 0.8], factor: 0.2 },
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 5e-4,
  evaluation: { corruptionImages: 'none' },
} as const satisfies TrainingSpecInput
export const stepSource =
  'Learning rate 0.1, times 0.2 at epochs 60, 120 and 160 of 200, batch 128, weight decay 5e-4, Nesterov momentum 0.9 (weiaicunzai/pytorch-cifar100)'

/** `stepRecipe` with half a cosine to zero in place of the steps. It suits short trainings, which lose less by it. */
export const cosineRecipe = {
  batchSize: 128,
  learningRate: 0.1,
  schedule: { kind: 'cosine' },
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 5e-4,
  evaluation: { corruptionImages: 'none' },
} as const satisfies TrainingSpecInput
export const cosineSource = 'Learning rate 0.1 to zero by a cosine, weight decay 5e-4, Nesterov momentum 0.9'

/**
 * openmixup's benchmarks of ResNet-18 on CIFAR and Tiny ImageNet. They use plain momentum, not Nesterov's, and mirror
 * the picture at the crop's border.
 */
export const mixupRecipe = {
  batchSize: 100,
  learningRate: 0.1,
  schedule: { kind: 'cosine' },
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false },
  weightDecay: 1e-4,
  augment: [{ op: 'crop', border: 'reflect' }, 'flip'],
  evaluation: { corruptionImages: 'none' },
} as const satisfies TrainingSpecInput
export const mixupSource = (learningRate: number): string =>
  `Learning rate ${learningRate} to zero by a cosine, batch 100, weight decay 1e-4, momentum 0.9 (Westlake-AI/openmixup)`

export const fiveSeeds = [1, 2, 3, 4, 5] as const
export const threeSeeds = [1, 2, 3] as const
