import { autoaugmentArm, imclrArm, imclrAutoaugmentArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, threeSeeds } from './recipes.js'

/**
 * AutoAugment's policy for CIFAR-10 and Cutout, after the crops and flips that all arms have. The preset is made for
 * CIFAR and runs on any small images.
 */
export const autoaugment: Preset = {
  name: 'autoaugment',
  title: 'With AutoAugment',
  claim: 'ImCLR with AutoAugment has 2 points over either alone (arXiv 2011.12618v1, abstract).',
  arms: [autoaugmentArm, imclrArm, imclrAutoaugmentArm],
  comparisons: [
    { arm: 'imclr-autoaugment', against: 'autoaugment', published: 2 },
    { arm: 'imclr-autoaugment', against: 'imclr', published: 2 },
  ],
  requires: { labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images. WRN-28-10, 200 epochs, batch 128, as AutoAugment's authors train it on CIFAR (Cubuk et al. 2019). ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'wrn28-10', epochs: 200 },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `10,000 labels, ResNet-20, 60 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 60 },
      seeds: threeSeeds,
      budgets: [10_000],
    },
    small: {
      recipe: `1,000 labels, ResNet-20, 120 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 120 },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
