/** Makes stored runs of an experiment without training. They have the requested accuracies, from seeded draws. */
import { recordOfRun } from '@imclr/experiments'
import { type ExperimentRuns, type Predictions, type Report, type RunRecord } from '@imclr/contract'
import { seededUniform } from '@imclr/statistics'

export const environment = {
  imclr: '0.1.0',
  node: 'v22',
  tfjs: '4',
  tensorflow: '2',
  platform: 'linux',
  cpu: 'a <b>CPU</b>',
  cores: 2,
  device: 'cpu',
  threads: null,
}
const training = (epochs: number): Report['training'] => ({
  epochs: Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    loss: 1,
    labelEntropy: 0,
    learningRate: 0.1,
    steps: 10 * (i + 1),
    seconds: 2,
    imagesPerSecond: 100,
  })),
  validation: null,
  unlabelled: null,
})
const model: Report['model'] = {
  name: 'm',
  mode: 'imclr',
  testInput: 'self',
  network: 'resnet8',
  networkTitle: 'ResNet-8',
  parameters: 78_042,
  epochsTrained: 3,
  trainImages: 100,
  seed: 1,
  precision: 'float32',
  endedEarly: null,
}

const corruptionNames = ['gaussian_noise', 'fog', 'jpeg_compression', 'spatter']

/**
 * The record of a model that answers image i with the class `answers[i]`. `corrupted(cell, i)` decides its answers on
 * corrupted images.
 */
export function recordOf({
  arm,
  seed,
  budget = null,
  labels,
  answers,
  corrupted,
  rows = Uint32Array.from(labels.keys()),
  spec = {},
}: {
  arm: string
  seed: number
  budget?: number | null
  labels: Uint16Array
  answers: ArrayLike<number>
  corrupted?: (cell: number, image: number) => number
  rows?: Uint32Array
  spec?: Record<string, unknown>
}): RunRecord {
  const classes = 4
  const probabilities = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) probabilities[i * classes + answers[i]!] = 1
  const cells = corruptionNames.flatMap((corruption) =>
    [1, 2, 3, 4, 5].map((severity) => ({ corruption, severity, benchmark: corruption !== 'spatter' })),
  )
  const predictions: Predictions = {
    versionId: `ver_${'0'.repeat(32)}`,
    classes,
    images: labels.length,
    ids: null,
    labels,
    probabilities,
    ...(corrupted
      ? {
          corruption: { seed, table: '32', frost: 'procedural' },
          cells,
          corruptedRows: rows,
          corruptedClasses: Uint16Array.from({ length: cells.length * rows.length }, (_, at) =>
            corrupted(Math.floor(at / rows.length), rows[at % rows.length]!),
          ),
        }
      : { corruption: null, cells: [], corruptedRows: new Uint32Array(), corruptedClasses: new Uint16Array() }),
  }
  return recordOfRun({
    experiment: 'made-up',
    planned: { arm, seed, budget, spec: { mode: arm, network: 'resnet8', epochs: 3, seed, ...spec } },
    content: 'c'.repeat(64),
    predictions,
    report: { model, training: training(3), environment },
  })
}

export const plan: ExperimentRuns['plan'] = {
  name: 'made-up',
  title: 'Made up, for a test',
  claim: 'Nobody claims this.',
  recipe: null,
  arms: [
    { name: 'baseline', title: 'Baseline' },
    { name: 'imclr', title: 'ImCLR' },
  ],
  comparisons: [{ arm: 'imclr', against: 'baseline', published: 1.3, metric: 'clean' }],
  seeds: [1, 2, 3],
  budgets: [null],
}

/** Makes a plausible experiment: more labels help, the second arm is a little better, and corruption hurts. */
export function makeRuns({
  seeds = 5,
  budgets = [250, 500, 1000] as (number | null)[],
  images = 600,
} = {}): ExperimentRuns {
  const labels = Uint16Array.from({ length: images }, (_, i) => i % 4)
  const list = Array.from({ length: seeds }, (_, i) => i + 1)
  const runs = list.flatMap((seed) =>
    budgets.flatMap((budget, b) =>
      plan.arms.map(({ name }, a) => {
        const uniform = seededUniform(1000 * seed + 10 * b + a)
        const right = 0.4 + 0.08 * b + 0.02 * a + 0.02 * (uniform() - 0.5)
        const answer = (share: number, label: number) => (uniform() < share ? label : (label + 1) % 4)
        return recordOf({
          arm: name,
          seed,
          budget,
          labels,
          answers: Array.from(labels, (label) => answer(right, label)),
          corrupted: (cell, image) =>
            answer(right - 0.03 * (cell % 5) - (a === 0 && cell < 5 ? 0.08 : 0), labels[image]!),
          rows: Uint32Array.from({ length: 200 }, (_, i) => (i * 3 + seed) % images),
        })
      }),
    ),
  )
  return { schemaVersion: 1, plan: { ...plan, seeds: list, budgets }, runs, withoutResult: [] }
}
