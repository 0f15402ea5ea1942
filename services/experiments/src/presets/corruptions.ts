import { baselineArm, imclrArm } from './arms.js'
import type { Preset } from './preset.js'
import { cosineRecipe, cosineSource, fiveSeeds } from './recipes.js'

/** Accuracy on corrupted test images. The training images are not corrupted. */
export const corruptions: Preset = {
  name: 'corruptions',
  title: 'Robustness to common corruptions',
  claim:
    'ImCLR raises accuracy on CIFAR-100-C by 0.72 points (arXiv 2011.12618v1, abstract). Corrupted images are made here, in the manner of the benchmark.',
  arms: [baselineArm, imclrArm],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 0.72, metric: 'corrupted' }],
  requires: { labelsPerClass: 10 },
  scales: {
    paper: {
      recipe: `All images, all test images corrupted. WRN-40-2, 100 epochs, batch 128, as AugMix trains it (Hendrycks et al. 2020), but with crops and flips alone. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'wrn40-2', epochs: 100, evaluation: { corruptionImages: 'all' } },
      seeds: fiveSeeds,
      budgets: [null],
    },
    medium: {
      recipe: `10,000 labels, ResNet-20, 60 epochs, 1,000 test images corrupted. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 60, evaluation: { corruptionImages: 1000 } },
      seeds: fiveSeeds,
      budgets: [10_000],
    },
    small: {
      recipe: `1,000 labels, ResNet-20, 200 epochs, 500 test images corrupted. ${cosineSource}.`,
      spec: { ...cosineRecipe, network: 'resnet20', epochs: 200, evaluation: { corruptionImages: 500 } },
      seeds: fiveSeeds,
      budgets: [1000],
    },
  },
}
