import { availableParallelism } from 'node:os'
import { median } from '@imclr/statistics'
import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import { firstPosition, openTraining, runEpochs } from '@imclr/trainer/training/testing'
import { stream } from '@imclr/trainer/random/testing'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { demoArchive, openBench } from '../trainer/jobs/harness.js'
import { drawnNetwork } from '../trainer/training/drawnNetwork.js'

export interface EpochRow {
  network: 'resnet20' | 'resnet8'
  mode: 'imclr' | 'baseline'
  batch: number
  /** What is done to the images. */
  chain: keyof typeof chains
  /** Threads that made batches ahead in the last round, as the feed itself decides. */
  workers: number
  /** Of one batch on one core with nothing beside it, in milliseconds; the smallest of the repeats. */
  makingMilliseconds: number
  /** One batch again and again. */
  stepsAloneImagesPerSecond: number
  /** Shuffled, augmented, mixed and stacked anew for each step, with progress and sums. */
  epochImagesPerSecond: number
  /** Of the second to the first, per round. */
  ratio: { median: number; smallest: number; largest: number }
}

export interface StartRow {
  network: 'resnet20'
  /**
   * From the start of a trainer's process to its first step done, in seconds; the smallest and largest of the repeats
   * too.
   */
  firstStep: { median: number; smallest: number; largest: number }
}

export interface EpochBenchOptions {
  repeats: number
  /** Few steps of a small batch. */
  quick: boolean
  log?: (line: string) => void
}

/**
 * The default; a usual one; and one of nearly everything, whose making costs most beside its step (AugMix's loss would
 * triple that).
 */
const chains = {
  default: {},
  autoaugment: { augment: ['crop', 'flip', 'autoaugment', 'cutout'], mix: 'cutmix' },
  augmix: { augment: ['crop', 'flip', 'augmix'] },
  costliest: {
    augment: [
      { op: 'crop', border: 'reflect' },
      'flip',
      'jitter',
      'autoaugment',
      'randaugment',
      'erase',
      'cutout',
      'noise',
      { op: 'augmix', operations: 'all', depth: 3, jsd: 0 },
    ],
    mix: 'mixup',
  },
} satisfies Record<string, TrainingSpecInput>

const contenders = [
  ['resnet20', 'imclr', 128, 'default'],
  ['resnet20', 'baseline', 128, 'default'],
  ['resnet8', 'imclr', 64, 'default'],
  ['resnet20', 'imclr', 128, 'autoaugment'],
  ['resnet8', 'baseline', 64, 'augmix'],
  ['resnet20', 'imclr', 128, 'costliest'],
  ['resnet8', 'baseline', 64, 'costliest'],
] as const

/** Whole epochs against steps alone, in turns on one recorded step. */
export async function benchEpochs({ repeats, quick, log = () => {} }: EpochBenchOptions): Promise<EpochRow[]> {
  const rows: EpochRow[] = []
  for (const [network, mode, size, chain] of contenders) {
    const [steps, batch] = quick ? [8, 16] : [12, size]
    const spec = trainingSpec.parse({ network, mode, batchSize: batch, epochs: 1, ...chains[chain] })
    const feed = trainingFeed(randomSplit(batch * steps), spec, {
      workers: 'auto',
      mostWorkers: availableParallelism() - 1,
    })
    const makers = trainingFeed(randomSplit(batch * steps), spec)
    let makingMilliseconds = Infinity
    for (let i = 0; i < 8; i++)
      makingMilliseconds = Math.min(makingMilliseconds, 1000 * (await seconds(() => makers.batch(0, i % steps))))
    const training = openTraining(spec, {
      feed,
      normalisation: { mean: [125, 123, 114], std: [63, 62, 67] },
      ...drawnNetwork(spec, feed.classes),
    })
    const fixed = copyOf(feed.batch(0, 0))
    for (let i = 0; i < 3; i++) training.run(fixed, { learningRate: 0.01 })
    const rounds: { alone: number; epoch: number }[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      const alone = await seconds(() => {
        for (let i = 0; i < steps; i++) training.run(fixed, { learningRate: 0.01 })
      })
      const epoch = await seconds(() =>
        runEpochs(firstPosition, {
          spec,
          feed,
          run: training.run,
          scalarsOf: () => ({ learningRate: 0.01 }),
          validation: null,
          saveCheckpoint: async () => {},
          checkpointEverySeconds: Infinity,
          onEpoch: () => {},
          secondsLeft: ({ secondsPerStep, stepsLeft }) => secondsPerStep * stepsLeft,
          control: { request: null, ask: () => {}, signal: new AbortController().signal, suspendAtOnce: () => {} },
          emitter: { emit: () => {}, progress: () => {} },
          now: () => performance.now() / 1000,
        }),
      )
      rounds.push({ alone, epoch })
      log(`${network} ${mode}, ${chain}: round ${repeat + 1} of ${repeats}, ${((100 * alone) / epoch).toFixed(1)} %`)
    }
    const { workers } = feed
    feed.close()
    training.dispose()
    const inputs = steps * batch
    rows.push({
      network,
      mode,
      batch,
      chain,
      workers,
      makingMilliseconds,
      stepsAloneImagesPerSecond: inputs / spread(rounds.map(({ alone }) => alone)).median,
      epochImagesPerSecond: inputs / spread(rounds.map(({ epoch }) => epoch)).median,
      ratio: spread(rounds.map(({ alone, epoch }) => alone / epoch)),
    })
  }
  return rows
}

/**
 * How long a trainer takes from the start of its process to its first step, on the demo's images. Runs from `test/dist`
 * only.
 */
export async function benchStart({ repeats, log = () => {} }: EpochBenchOptions): Promise<StartRow> {
  await using bench = await openBench()
  const { versionPrefix } = await bench.prepare(demoArchive)
  const times: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now()
    const run = bench.train({ job: `start${repeat}`, versionPrefix, spec: { network: 'resnet20', epochs: 1 } })
    await run.until((event) => event.type === 'progress' && event.phase === 'training')
    times.push((performance.now() - start) / 1000)
    run.kill('SIGKILL')
    await run.ended
    log(`first step after ${times.at(-1)!.toFixed(2)} s`)
  }
  return { network: 'resnet20', firstStep: spread(times) }
}

function randomSplit(count: number) {
  const [height, width, classes] = [32, 32, 10]
  const random = stream({ seed: 1, name: 'init' })
  return {
    count,
    height,
    width,
    classes,
    images: Uint8Array.from({ length: count * height * width * 3 }, () => random.int(256)),
    labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
  }
}

const copyOf = ({ images, labels }: { images: Uint8Array; labels: Float32Array }) => ({
  images: images.slice(),
  labels: labels.slice(),
})

async function seconds(action: () => unknown): Promise<number> {
  const start = performance.now()
  await action()
  return (performance.now() - start) / 1000
}

function spread(values: readonly number[]) {
  return { median: median(values)!, smallest: Math.min(...values), largest: Math.max(...values) }
}
