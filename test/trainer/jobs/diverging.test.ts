import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { failures, type TrainingSpecInput } from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smallArchive } from '../../support/smallArchive.js'
import { pngOf, zipOf } from '../ingest/uploads.js'
import { stream } from '@imclr/trainer/random/testing'
import { checkpointsOf, ofType, openBench, readManifest, type Bench, type Ended, type Run } from './harness.js'

/** Trainings that go wrong by what their user asked for, by real trainer processes on few pictures. */
let bench: Bench
/** 21 pictures to train on, 9 to test with, three classes of as many. */
let versionPrefix: string
/** 40, 4 and 2 to train on. */
let imbalanced: string

beforeAll(async () => {
  bench = await openBench()
  const path = join(bench.folder, 'few.zip')
  await smallArchive(path, { perClass: 7, size: 32 })
  ;({ versionPrefix } = await bench.prepare(path))
  const uneven = join(bench.folder, 'uneven.zip')
  await writeFile(uneven, await zipOf(unevenPictures()))
  ;({ versionPrefix: imbalanced } = await bench.prepare(uneven))
})
afterAll(() => bench[Symbol.asyncDispose]())

const without = { evaluation: { corruptionImages: 'none' } } as const
/** Stays finite in its losses, and then answers with NaN: its last step is one step too many. */
const diverging: TrainingSpecInput = { network: 'resnet20', epochs: 1, batchSize: 8, learningRate: 30 }

function expectDiverged({ exitCode, events, log }: Ended, message: RegExp): void {
  const last = events.at(-1)!
  expect([exitCode, last], log).toEqual([
    failures.LOSS_NOT_FINITE.exitCode,
    expect.objectContaining({ type: 'failed' }),
  ])
  expect(last).toMatchObject({
    failure: {
      code: 'LOSS_NOT_FINITE',
      retryable: false,
      message: expect.stringMatching(message) as string,
      issues: [],
    },
  })
}

describe('a training that diverges', { timeout: 120_000 }, () => {
  it('in its very last step says so when its model is asked for answers, and leaves no model', async () => {
    const run = bench.train({ job: 'laststep', versionPrefix, spec: diverging })
    const ended = await run.ended
    expectDiverged(
      ended,
      /^the model after epoch 1 gives no finite outputs: for \d+ of the 9 pictures that it was asked about they are NaN or infinite, so its training has diverged$/,
    )
    expect(ofType(ended.events, 'epoch').map(({ loss }) => Number.isFinite(loss))).toEqual([true])
    expect(existsSync(bench.objectPath(`${run.outputPrefix}manifest.json`))).toBe(false)
    // All that was trained has been kept, so that the next attempt would end the same way: at once, and not by training
    // again.
    const again = await bench.train({ job: 'laststep', attempt: 2, versionPrefix, spec: diverging }).ended
    expectDiverged(again, /^the model after epoch 1 gives no finite outputs/)
    expect(ofType(again.events, 'started')[0]!.resumedFrom).toEqual({ epoch: 1, step: 2 })
  })

  it.each<[string, TrainingSpecInput, RegExp]>([
    ['by single steps', { ...diverging, execution: 'eager' }, /^the model after epoch 1 gives no finite outputs/],
    [
      'on its validation part',
      { ...diverging, batchSize: 4, validation: { fraction: 0.2 } },
      /^the model after epoch 1 gives no finite outputs: for \d+ of the 4 pictures/,
    ],
    [
      'in the weights that are averaged',
      { ...diverging, emaDecay: 0.9999 },
      /^the model after epoch 1, before its weights are averaged, gives no finite outputs/,
    ],
    [
      'in a loss',
      { ...diverging, epochs: 30, learningRate: 100, weightDecay: 1 },
      /^(the loss is (NaN|Infinity|-Infinity) at step \d+, in epoch \d+|after step \d+, in epoch \d+, the weights, their averages or the optimiser's means are not finite numbers)$/,
    ],
  ])('%s', async (name, spec, message) => {
    const ended = await bench.train({
      job: name.replace(/\W/g, '').toLowerCase(),
      versionPrefix,
      spec: { ...spec, ...without },
    }).ended
    expectDiverged(ended, message)
  })

  it('and is stopped on the way says so, too', async () => {
    const run = bench.train({ job: 'stopped', versionPrefix, spec: { ...diverging, epochs: 10_000, ...without } })
    await run.until((event) => event.type === 'progress' && event.phase === 'training')
    run.kill('SIGTERM')
    expectDiverged(
      await run.ended,
      /^(the model after (epoch \d+|step \d+, in epoch \d+,) gives no finite outputs|the loss is NaN)/,
    )
  })

  it('passes over a checkpoint whose weights are not finite, and ends as it would have without', async () => {
    const job = { job: 'poisoned', versionPrefix, spec: { ...diverging, learningRate: 0.1, epochs: 4, ...without } }
    const first = bench.train(job)
    expect((await first.ended).exitCode).toBe(0)
    await poison(first)
    const second = bench.train({ ...job, attempt: 2 })
    const { exitCode, events, log } = await second.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'log').map(({ message }) => message)).toEqual([
      expect.stringContaining('was passed over: its weights are not finite numbers'),
    ])
    expect(ofType(events, 'started')[0]!.resumedFrom).toBeNull()
    expect(await weightsSha256(second)).toBe(await weightsSha256(first))
  })
})

describe('an evaluation of a model', { timeout: 120_000 }, () => {
  it('whose answers are not finite says which model, and is not tried again', async () => {
    const model = bench.train({ job: 'good', versionPrefix, spec: { network: 'resnet8', epochs: 1, ...without } })
    const bad = bench.train({ job: 'goodtobad', versionPrefix, spec: { network: 'resnet8', epochs: 1, ...without } })
    for (const { ended } of [model, bad]) expect((await ended).exitCode).toBe(0)
    await spoil(bad)
    const options = { versionPrefix, options: { corruptionImages: 'none' } } as const
    expectDiverged(
      await bench.evaluate({ job: 'evalbad', modelPrefix: bad.outputPrefix, ...options }).ended,
      /^the model the model gives no finite outputs: for 9 of the 9 pictures/,
    )
    expectDiverged(
      await bench.evaluate({
        job: 'evalrefbad',
        modelPrefix: model.outputPrefix,
        referencePrefix: bad.outputPrefix,
        ...options,
      }).ended,
      /^the reference model the reference gives no finite outputs/,
    )
  })
})

/** What people do ask for, and all that is accepted: nothing of it is a fault of ours. */
const extremes: [string, TrainingSpecInput][] = [
  ['a learning rate of 100', { learningRate: 100 }],
  ['a tiny learning rate', { learningRate: 1e-300 }],
  ['weight decay 1', { weightDecay: 1 }],
  ['weight decay 1 at rate 100, batches of two', { weightDecay: 1, learningRate: 100, batchSize: 2, epochs: 2 }],
  ['gradients clipped to nothing', { clipNorm: 1e-300 }],
  ['gradients clipped to the largest number', { clipNorm: Number.MAX_VALUE, learningRate: 10 }],
  ['labels all smoothed', { labelSmoothing: 1 }],
  ['averages that never move', { emaDecay: 1 - Number.EPSILON / 2 }],
  ['averages that are the weights', { emaDecay: Number.MIN_VALUE, learningRate: 30, batchSize: 8 }],
  ['batches of two', { batchSize: 2, mode: 'baseline' }],
  [
    'Adam without means and with the smallest epsilon',
    { optimizer: { kind: 'adam', beta1: 0, beta2: 0, epsilon: Number.MIN_VALUE }, learningRate: 0.05 },
  ],
  [
    'Adam with means that hardly move',
    {
      optimizer: { kind: 'adamw', beta1: 1 - Number.EPSILON / 2, beta2: 1 - Number.EPSILON / 2 },
      learningRate: 0.05,
      weightDecay: 1,
    },
  ],
  ['mixup by a tiny alpha', { mix: { op: 'mixup', alpha: Number.MIN_VALUE } }],
  ['cutmix by a large alpha', { mix: { op: 'cutmix', alpha: 100, probability: 1 } }],
  [
    'AugMix with all its loss',
    { augment: [{ op: 'augmix', alpha: Number.MIN_VALUE, jsd: 100, severity: 10 }], learningRate: 1 },
  ],
  [
    'ramps shorter than a step',
    {
      rampUp: { epochs: Number.MIN_VALUE, shape: 'gaussian' },
      rampDown: { epochs: Number.MIN_VALUE, shape: 'gaussian' },
    },
  ],
  [
    'a mean teacher of all weight',
    {
      emaDecay: 0.999,
      trainImages: 9,
      batchSize: 4,
      semiSupervised: { method: 'mean-teacher', weight: 10_000, from: ['left-over'], rampUp: null },
    },
  ],
  [
    'a Pi-model of all weight',
    {
      trainImages: 9,
      batchSize: 4,
      semiSupervised: { method: 'pi-model', weight: 10_000, from: ['left-over'], ratio: 4, rampUp: null },
    },
  ],
]

describe('hyper-parameters at the end of what is accepted', { timeout: 120_000 }, () => {
  it.each(extremes)('%s', async (name, spec) => {
    await expectNoFault(name, { versionPrefix, spec: { network: 'resnet8', epochs: 1, ...without, ...spec } })
  })

  it.each(['class-weighted', 'balanced'] as const)('few pictures of some classes, %s', async (sampling) => {
    await expectNoFault(sampling, {
      versionPrefix: imbalanced,
      spec: {
        network: 'resnet8',
        epochs: 2,
        batchSize: 8,
        learningRate: 1,
        sampling,
        mix: 'cutmix',
        labelSmoothing: 1,
        ...without,
      },
    })
  })

  // Of all of them together, drawn by seed.
  const draw = stream({ seed: 12, name: 'shuffle' })
  const drawn = Array.from({ length: 6 }, (_, i): [number, TrainingSpecInput] => [
    i,
    Object.assign({}, ...Array.from({ length: 3 }, () => extremes[draw.int(extremes.length)]![1])) as TrainingSpecInput,
  ])
  it.each(drawn)('some of these together (%i): %j', async (i, spec) => {
    await expectNoFault(`drawn${i}`, {
      versionPrefix: i % 2 === 0 ? versionPrefix : imbalanced,
      spec: { network: 'resnet8', epochs: 1, ...without, ...spec },
    })
  })
})

async function expectNoFault(name: string, run: { versionPrefix: string; spec: TrainingSpecInput }): Promise<void> {
  const { exitCode, events, log } = await bench.train({
    job: name.replace(/\W/g, '').toLowerCase().slice(0, 30),
    ...run,
  }).ended
  const last = events.at(-1)!
  expect(
    [failures.LOSS_NOT_FINITE.exitCode, 0],
    `${last.type === 'failed' ? last.failure.message : last.type}\n${log}`,
  ).toContain(exitCode)
}

const weightsSha256 = async ({ outputPrefix }: Run) =>
  createHash('sha256')
    .update(await readFile(bench.objectPath(`${outputPrefix}weights.bin`)))
    .digest('hex')

/** Writes NaN into the middle of the newest checkpoint, whose checksum is that of its bytes all the same. */
async function poison(run: Run): Promise<void> {
  const folder = bench.objectPath(`${run.checkpointPrefix}${(await checkpointsOf(bench, run)).at(-1)!}`)
  const tensors = await readFile(`${folder}/state.bin`)
  tensors.writeFloatLE(NaN, 4 * Math.floor(tensors.length / 8))
  await writeFile(`${folder}/state.bin`, tensors)
  const state = JSON.parse(await readFile(`${folder}/state.json`, 'utf8')) as { sha256: string }
  await writeFile(
    `${folder}/state.json`,
    JSON.stringify({ ...state, sha256: createHash('sha256').update(tensors).digest('hex') }),
  )
}

/** Makes a bias of the last layer infinite, as a model may have that was registered before anybody looked. */
async function spoil(run: Run): Promise<void> {
  const path = bench.objectPath(`${run.outputPrefix}weights.bin`)
  const weights = await readFile(path)
  const {
    weightsManifest: [{ weights: layout }],
  } = JSON.parse(await readFile(bench.objectPath(`${run.outputPrefix}model.json`), 'utf8')) as {
    weightsManifest: [{ weights: { name: string; shape: number[] }[] }]
  }
  const before = layout.slice(
    0,
    layout.findIndex(({ name }) => name === 'logits/bias'),
  )
  weights.writeFloatLE(
    Infinity,
    4 * before.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0),
  )
  await writeFile(path, weights)
  const manifest = await readManifest(bench, run)
  const sha256 = createHash('sha256').update(weights).digest('hex')
  await writeFile(
    bench.objectPath(`${run.outputPrefix}manifest.json`),
    JSON.stringify({
      ...manifest,
      files: manifest.files.map((file) => (file.path === 'weights.bin' ? { ...file, sha256 } : file)),
    }),
  )
}

/** Noise, each class about a colour of its own. */
function unevenPictures(): [string, Uint8Array][] {
  const random = stream({ seed: 3, name: 'split' })
  const counts = { train: [40, 4, 2], test: [3, 3, 3] }
  const pictures: [string, Uint8Array][] = []
  for (const part of ['train', 'test'] as const) {
    for (const [label, count] of counts[part].entries()) {
      for (let i = 0; i < count; i++) {
        const bytes = Uint8Array.from({ length: 16 * 16 * 3 }, (_, p) => (p % 3 === label ? 120 : 20) + random.int(100))
        pictures.push([`${part}/class${label}/${i}.png`, pngOf(bytes, { height: 16, width: 16 })])
      }
    }
  }
  return pictures
}
