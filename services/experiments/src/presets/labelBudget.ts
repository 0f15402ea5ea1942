import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds, stepRecipe, stepSource, threeSeeds } from './recipes.js'

/**
 * How the gain depends on the number of labels. Each budget contains the smaller ones. All budgets train for the same
 * number of epochs, so fewer labels mean fewer steps.
 */
export const labelBudget: Preset = {
  name: 'label-budget',
  title: 'Gain by number of labels',
  claim: 'On CIFAR-100 a gap of about 2 points stays down to 5 % of the labels (arXiv 2011.12618v1, abstract).',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 2 }],
  requires: { labelsPerClass: 5 },
  scales: {
    paper: {
      recipe: `5, 10, 25, 50 and 100 % of CIFAR-100's labels. ResNet-18, the network not being in the abstract. ${stepSource}.`,
      spec: { ...stepRecipe, network: 'resnet18' },
      seeds: fiveSeeds,
      budgets: [2500, 5000, 12_500, 25_000, null],
    },
    medium: {
      recipe: `ResNet-20, 60 epochs. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 60 },
      seeds: threeSeeds,
      budgets: [1000, 2500, 5000, 10_000],
    },
    // This follows the demo's recipe, whose effect on 500 images is known, with the same learning rate per image. Small
    // batches keep the number of steps high enough with few labels.
    small: {
      recipe:
        'ResNet-8, 150 epochs, batch 32. Learning rate 0.05 to zero by a cosine, weight decay 5e-4, Nesterov momentum 0.9.',
      spec: { ...cosineRecipe, network: 'resnet8', epochs: 150, batchSize: 32, learningRate: 0.05 },
      seeds: fiveSeeds,
      budgets: [250, 500, 1000],
    },
  },
}
