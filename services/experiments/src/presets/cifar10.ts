import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, stepRecipe, stepSource } from './recipes.js'

/** Made for CIFAR-10 (32 x 32 pixels, 10 classes); runs on any small images. */
export const cifar10: Preset = {
  name: 'cifar10',
  title: 'CIFAR-10, supervised',
  claim: 'ImCLR raises test accuracy on CIFAR-10 by 0.14 points (arXiv 2011.12618v1, abstract).',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 0.14 }],
  requires: { labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images. ResNet-18, the network not being in the abstract. ${stepSource}, made for CIFAR-100.`,
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
      recipe: `1,000 labels, ResNet-20, 200 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 200 },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
