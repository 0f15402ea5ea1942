import { trainingSpec, type DatasetManifest, type TrainingSpecInput } from '@imclr/contract'
import { expect, it } from 'vitest'
import { timeLeft } from '@imclr/trainer/training/testing'

// 100 test images of 32 x 32, 10 of which in 95 corrupted forms each: 1050 pictures, 950 of them made at 0.2 s a
// megapixel. Five steps of 10 inputs are left, 0.6 s each.
const dataset = { splits: { test: { count: 100 } }, picture: { height: 32, width: 32 } } as DatasetManifest
const left = (spec: TrainingSpecInput) =>
  timeLeft(trainingSpec.parse({ ...spec, evaluation: { corruptionImages: 10 } }), dataset, {
    secondsPerStep: 0.6,
    stepsLeft: 5,
    batchSize: 10,
  })
const [training, corrupting] = [5 * 0.6, ((950 * 1024) / 1e6) * 0.2]

it.each<[string, TrainingSpecInput, number]>([
  // A step is three forward passes: 0.02 s for an input as in training.
  ['tested as trained', { mode: 'imclr' }, 1050 * 0.02],
  [
    'trained on two images in an input, tested on one',
    { mode: 'imclr', stacking: { testInput: 'single' } },
    1050 * 0.01,
  ],
  [
    'trained on three, tested on one',
    { mode: 'imclr', stacking: { images: 3, testInput: 'single' } },
    (1050 * 0.02) / 3,
  ],
  ['a baseline, whatever stacking says', { mode: 'baseline', stacking: { testInput: 'single' } }, 1050 * 0.02],
  ["three copies of each input, as AugMix's loss has it", { mode: 'baseline', augment: ['augmix'] }, (1050 * 0.02) / 3],
])('the time left counts the evaluation of inputs as they are tested: %s', (_, spec, testing) => {
  expect(left(spec)).toBeCloseTo(training + corrupting + testing, 9)
})
