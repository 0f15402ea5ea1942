import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, mixupRecipe, mixupSource, threeSeeds } from './recipes.js'

/**
 * Made for Tiny ImageNet (64 x 64 pixels, 200 classes). It has four times the pixels of CIFAR and costs four times as
 * much.
 */
export const tinyImagenet: Preset = {
  name: 'tiny-imagenet',
  title: 'Tiny ImageNet, supervised',
  claim: 'ImCLR raises test accuracy on Tiny ImageNet by 3.24 points (arXiv 2011.12618v1, abstract).',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 3.24 }],
  requires: { minSide: 64, labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images, 400 epochs. ResNet-18, the network not being in the abstract. ${mixupSource(0.2)}, which names 61.68 % for it and crops at random sizes; here a crop of the padded picture.`,
      spec: { ...mixupRecipe, network: 'resnet18', epochs: 400, learningRate: 0.2 },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `10,000 labels, ResNet-20, 30 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 30 },
      seeds: threeSeeds,
      budgets: [10_000],
    },
    small: {
      recipe: `2,000 labels, ResNet-8, 80 epochs, batch 64. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet8', epochs: 80, batchSize: 64 },
      seeds: fiveSeeds,
      budgets: [2000],
    },
  },
}
