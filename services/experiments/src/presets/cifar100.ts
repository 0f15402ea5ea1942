import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, stepRecipe, stepSource } from './recipes.js'

/** Made for CIFAR-100 (32 x 32 pixels, 100 classes); runs on any small images. */
export const cifar100: Preset = {
  name: 'cifar100',
  title: 'CIFAR-100, supervised',
  claim: 'ImCLR raises test accuracy on CIFAR-100 by 1.30 points (arXiv 2011.12618v1, abstract).',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 1.3 }],
  requires: { labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images. ResNet-18, the network not being in the abstract. ${stepSource}, which names 75.61 % for it.`,
      spec: { ...stepRecipe, network: 'resnet18' },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `10,000 labels, ResNet-20, 60 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 60 },
      seeds: fiveSeeds,
      budgets: [10_000],
    },
    small: {
      recipe: `2,500 labels, ResNet-20, 80 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 80 },
      seeds: fiveSeeds,
      budgets: [2500],
    },
  },
}
