import { baselineArm, cutmixArm, imclrArm, imclrCutmixArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, mixupRecipe, mixupSource, threeSeeds } from './recipes.js'

/**
 * Made for Tiny ImageNet (64 x 64 pixels, 200 classes). It has four times the pixels of CIFAR and costs four times as
 * much.
 */
export const cutmixTinyImagenet: Preset = {
  name: 'cutmix-tiny-imagenet',
  title: 'Tiny ImageNet, with CutMix',
  claim:
    'On Tiny ImageNet ImCLR with CutMix has 2 points over either alone (arXiv 2011.12618v1, abstract); 3 points over CutMix in v2 (StackMix).',
  arms: [baselineArm, imclrArm, cutmixArm, imclrCutmixArm],
  comparisons: [
    { arm: 'imclr-cutmix', against: 'cutmix', published: 2 },
    { arm: 'imclr-cutmix', against: 'imclr', published: 2 },
  ],
  requires: { minSide: 64, labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images, 400 epochs. ResNet-18, the network not being in the abstract. ${mixupSource(0.2)}, which names 61.68 % without and 65.53 % with CutMix and crops at random sizes; here a crop of the padded picture.`,
      spec: { ...mixupRecipe, network: 'resnet18', epochs: 400, learningRate: 0.2 },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `5,000 labels, ResNet-20, 30 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 30 },
      seeds: threeSeeds,
      budgets: [5000],
    },
    small: {
      recipe: `2,000 labels, ResNet-8, 40 epochs, batch 64. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet8', epochs: 40, batchSize: 64 },
      seeds: fiveSeeds,
      budgets: [2000],
    },
  },
}
