import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, stepRecipe, stepSource, threeSeeds } from './recipes.js'

/** Made for STL-10 (96 x 96 pixels, 10 classes, 5,000 labels). It does not use the unlabelled images. */
export const stl10: Preset = {
  name: 'stl10',
  title: 'STL-10, supervised',
  claim: 'ImCLR raises test accuracy on STL-10 by 2.28 points (arXiv 2011.12618v1, abstract).',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 2.28 }],
  requires: { minSide: 64, labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All labels. WRN-28-2, the network not being in the abstract. ${stepSource}.`,
      spec: { ...stepRecipe, network: 'wrn28-2' },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `1,000 labels, ResNet-20, 120 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 120 },
      seeds: threeSeeds,
      budgets: [1000],
    },
    small: {
      recipe: `1,000 labels, ResNet-8, 70 epochs, batch 64. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet8', epochs: 70, batchSize: 64 },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
