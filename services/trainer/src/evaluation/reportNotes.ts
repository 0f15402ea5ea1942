import {
  benchmarkCorruptions,
  benchmarkPerturbations,
  corruptionKinds,
  extraCorruptions,
  extraPerturbations,
  perturbationKinds,
  severities,
  type EvaluationReport,
} from '@imclr/contract'

/** The names of the kinds that no mean counts, in words. */
const extra = (kinds: Record<string, { benchmark: boolean }>): string =>
  Object.keys(kinds)
    .filter((name) => !kinds[name]!.benchmark)
    .map((name) => name.replace('_', ' ').replace('gaussian', 'Gaussian'))
    .join(', ')

/** The formulae, and the differences from the published benchmark. */
const formulae = [
  'Accuracy, top-k accuracy and recall: shares of images; intervals are Wilson score intervals at 95 %. Balanced accuracy: mean recall of the classes that have test images.',
  'Negative log-likelihood: mean of -ln p(true class), p not below 1e-12. Brier score: sum over classes of (p - y)², mean over images.',
]

const calibrationFormula =
  'Calibration error (ECE): sum over 15 bins of equal width of (images in bin / all) × |accuracy - mean confidence|; confidence is the largest probability.'

const gridFormulae = [
  `Mean error under corruption: the mean over the ${benchmarkCorruptions} benchmark corruptions and ${severities.length} severities of the share of wrong images, not normalised. The ${extraCorruptions} extra corruptions (${extra(corruptionKinds)}) count in no mean.`,
  `mCE: mean over the ${benchmarkCorruptions} corruptions of (sum over severities of the error) / (the same sum of the reference model). Relative mCE: the same with each model’s clean error taken off. A corruption where the reference’s sum is 0 (relative: not above 0) has no such ratio: it is left out of the mean and named.`,
]

const generated = [
  'Corruptions in the style of CIFAR-10-C and ImageNet-C (Hendrycks and Dietterich 2019), made anew with the seed above: the published files were made without one, so numbers are comparable in kind, not digit by digit.',
  'As in the published code: glass blur copies a neighbour’s value (it does not swap), bytes are cut off, not rounded, and grey pixels turn reddish under saturate.',
  'The same image gets the same noise for every model evaluated with the same seed, so models can be compared image by image.',
]

const stored =
  'The corrupted pictures were read from a stored evaluation set, row by row as its files have them; nothing was made here.'

const sequenceFormulae = [
  `Flip probability: the share of frames, from the second on, whose predicted class is not that of the frame before (for the noises: of the first frame), mean over sequences. mFP: its mean over the ${benchmarkPerturbations} perturbations of the benchmark; the ${extraPerturbations} extra ones (${extra(perturbationKinds)}) count in no mean. Labels do not matter: a model that always gives the same answer never flips.`,
  `Flip rate: flip probability / that of the reference model; mFR: its mean over the ${benchmarkPerturbations}. Where the reference never flips there is no ratio: the perturbation is left out of the mean and named.`,
  'Sequences in the style of CIFAR-10-P and ImageNet-P, made anew with the seed above. Snow is one of the benchmark’s, as in the paper; the published evaluation script for CIFAR-10-P counts spatter in its place, so both are listed.',
]

type Parts = Pick<EvaluationReport, 'clean' | 'corruption' | 'perturbation'>

/** The notes that a reader of the numbers needs. */
export function reportNotes({ clean, corruption, perturbation }: Parts): string[] {
  const present = new Set(corruption?.cells.filter(({ benchmark }) => benchmark).map((cell) => cell.corruption))
  return [
    ...(clean ? formulae : []),
    calibrationFormula,
    ...(corruption ? gridFormulae : []),
    ...(corruption ? (corruption.stored ? [stored] : generated) : []),
    ...(corruption && present.size < benchmarkCorruptions
      ? [`The set has ${present.size} of the ${benchmarkCorruptions} corruptions: its mean is over those.`]
      : []),
    ...(corruption?.frost === 'procedural'
      ? [
          'Frost is drawn (needles of ice on a cloudy ground, of the mean colours of the benchmark’s photographs), not photographed.',
        ]
      : []),
    ...(perturbation ? sequenceFormulae : []),
  ]
}

/** What the numbers do not show. */
export function notMeasured({ clean, corruption, perturbation }: Parts): string[] {
  return [
    ...(clean
      ? []
      : [
          'Clean images: a stored set of corrupted pictures has none, so there is neither an accuracy without corruption nor a relative mCE.',
        ]),
    ...(corruption ? [] : ['Robustness to corruption: the job asked for none.']),
    ...(perturbation
      ? []
      : [
          `Stability over frame sequences (CIFAR-10-P, flip rate)${corruption?.stored ? '.' : ': the job asked for none (perturbationImages).'}`,
        ]),
    'Adversarial robustness, and inputs that belong to none of the classes.',
    'How far another seed would move the numbers: this is one training run.',
  ]
}
