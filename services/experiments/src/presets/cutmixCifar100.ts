import { baselineArm, cutmixArm, imclrArm, imclrCutmixArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, mixupRecipe, mixupSource, threeSeeds } from './recipes.js'

/** Made for CIFAR-100 (32 x 32 pixels, 100 classes); runs on any small images. */
export const cutmixCifar100: Preset = {
  name: 'cutmix-cifar100',
  title: 'CIFAR-100, with CutMix',
  claim:
    'On CIFAR-100 ImCLR with CutMix has more than 1 point over either alone (arXiv 2011.12618v1, abstract); 2 points over CutMix in v2 (StackMix).',
  arms: [baselineArm, imclrArm, cutmixArm, imclrCutmixArm],
  comparisons: [
    { arm: 'imclr-cutmix', against: 'cutmix', published: 1 },
    { arm: 'imclr-cutmix', against: 'imclr', published: 1 },
  ],
  requires: { labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images, 200 epochs. ResNet-18, the network not being in the abstract. ${mixupSource(0.1)}, which names 76.42 % without and 79.45 % with CutMix.`,
      spec: { ...mixupRecipe, network: 'resnet18', epochs: 200 },
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
      recipe: `1,000 labels, ResNet-20, 100 epochs, batch 64. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 100, batchSize: 64 },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
