import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { fiveSeeds, threeSeeds } from './recipes.js'
import type { TrainingSpecInput } from '@imclr/contract'

/** The Pi-model of TorchSSL and USB, which goes back to google-research/fixmatch. */
const piModelRecipe = {
  batchSize: 64,
  learningRate: 0.03,
  schedule: { kind: 'cosine-7-16' },
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 5e-4,
  decay: 'kernels',
  emaDecay: 0.999,
  augment: [{ op: 'crop', border: 'reflect' }, 'flip'],
  semiSupervised: {
    method: 'pi-model',
    from: ['labelled', 'left-over', 'unlabelled'],
    ratio: 1,
    weight: 10,
    target: 'detached',
    rampUp: { fraction: 0.4, shape: 'linear' },
  },
  evaluation: { corruptionImages: 'none' },
} as const satisfies TrainingSpecInput
const source =
  'Learning rate 0.03 to a fifth by 7/16 of a cosine, batch 64 and 64 unlabelled, weight 10 reached after 40 % of the steps, second view detached, weight decay 5e-4 without normalisation, average of the weights with'

/**
 * The unlabelled images are every training image without its label, and the data set's own unlabelled ones. ImCLR
 * stacks labelled and unlabelled inputs (method.md).
 */
export const piModel: Preset = {
  name: 'pi-model',
  title: 'ImCLR in the Pi-model',
  claim: 'ImCLR raises the test accuracy of the Pi-model by 2.16 points (arXiv 2011.12618v1, abstract).',
  arms: [
    { ...baselineArm, title: 'Pi-model' },
    { ...imclrArm, title: 'Pi-model with ImCLR' },
  ],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 2.16 }],
  requires: { unlabelledImages: 100 },
  scales: {
    paper: {
      recipe: `WRN-28-2 with leaky ReLU, 4,000 labels, about 2^18 steps where TorchSSL and USB take 2^20. ${source} decay 0.999 (TorchSSL, USB).`,
      spec: { ...piModelRecipe, network: 'wrn28-2', epochs: 4228 },
      seeds: fiveSeeds,
      budgets: [4000],
    },
    medium: {
      recipe: `WRN-28-2 with leaky ReLU, 4,000 labels, 120 epochs. ${source} decay 0.999.`,
      spec: { ...piModelRecipe, network: 'wrn28-2', epochs: 120 },
      seeds: threeSeeds,
      budgets: [4000],
    },
    small: {
      recipe: `ResNet-8, 1,000 labels, 200 epochs. ${source} decay 0.99, there being fewer steps.`,
      spec: { ...piModelRecipe, network: 'resnet8', epochs: 200, emaDecay: 0.99 },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
