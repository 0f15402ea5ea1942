import { report, type Environment, type Report } from '@imclr/contract'
import type { Evaluation } from './evaluate.js'

export interface ReportParts {
  model: Report['model']
  dataset: Report['dataset']
  evaluation: Evaluation
  rawWeights: Report['rawWeights']
  training: Report['training']
  environment: Environment
}

/** The formulae, and what is done otherwise than in the published benchmark. */
const formulae = [
  'Accuracy, top-k accuracy and recall: shares of images; intervals are Wilson score intervals at 95 %. Balanced accuracy: mean recall of the classes that have test images.',
  'Negative log-likelihood: mean of -ln p(true class), p not below 1e-12. Brier score: sum over classes of (p - y)², mean over images.',
  'Calibration error (ECE): sum over 15 bins of equal width of (images in bin / all) × |accuracy - mean confidence|; confidence is the largest probability.',
]

const corruptionFormulae = [
  'Mean error under corruption: the mean over the 15 benchmark corruptions and 5 severities of the share of wrong images, not normalised. The 4 extra corruptions (speckle noise, Gaussian blur, spatter, saturate) count in no mean.',
  'mCE: mean over the 15 corruptions of (sum over severities of the error) / (the same sum of the reference model). Relative mCE: the same with each model’s clean error taken off.',
  'Corruptions in the style of CIFAR-10-C and ImageNet-C (Hendrycks and Dietterich 2019), made anew with the seed above: the published files were made without one, so numbers are comparable in kind, not digit by digit.',
  'As in the published code: glass blur copies a neighbour’s value (it does not swap), bytes are cut off, not rounded, and grey pixels turn reddish under saturate.',
  'The same image gets the same noise for every model evaluated with the same seed, so models can be compared image by image.',
]

const notMeasured = [
  'Stability over frame sequences (CIFAR-10-P, flip rate).',
  'Adversarial robustness, and inputs that belong to none of the classes.',
  'How far another seed would move the numbers: this is one training run.',
]

/** Puts the report together. @throws ZodError when a part does not fit the schema, which would be a defect of ours */
export function assembleReport({ model, dataset, evaluation, rawWeights, training, environment }: ReportParts): Report {
  const { clean, corruption, calibration } = evaluation
  const frost = corruption?.frost === 'procedural' ? ['Frost is drawn (needles of ice on a cloudy ground, of the mean colours of the benchmark’s photographs), not photographed.'] : []
  return report.parse({
    schemaVersion: 1,
    model,
    dataset,
    evaluated: { images: clean.images, total: dataset.counts.test },
    clean,
    corruption,
    calibration,
    rawWeights,
    training,
    notes: corruption ? [...formulae, ...corruptionFormulae, ...frost] : formulae,
    notMeasured: corruption ? notMeasured : ['Robustness to corruption: the job asked for none.', ...notMeasured],
    environment,
  })
}
