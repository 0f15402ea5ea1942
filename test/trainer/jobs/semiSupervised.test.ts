import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { trainingSpec } from '@imclr/contract'
import type { TrainingSpecInput } from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprint } from '@imclr/trainer/training/testing'
import { noisePng, tarOf } from '../ingest/uploads.js'
import { checkpointsOf, demoArchive, lossesOf, ofType, openBench, readManifest, readReport } from './harness.js'
import type { Bench, Ended, Run } from './harness.js'
import { trainingSplit } from './trainingSplit.js'

const base: TrainingSpecInput = {
  network: 'resnet8',
  epochs: 4,
  batchSize: 16,
  learningRate: 0.05,
  trainImages: 64,
  evaluation: { corruptionImages: 'none' },
}
const spec: TrainingSpecInput = {
  ...base,
  semiSupervised: { method: 'pi-model', from: ['unlabelled', 'left-over'], rampUp: { fraction: 0.5 } },
}

let bench: Bench
let versionPrefix: string
let run: Run
let ended: Ended

beforeAll(async () => {
  bench = await openBench()
  ;({ versionPrefix } = await bench.prepare(demoArchive))
  run = bench.train({ job: 'semi', versionPrefix, spec })
  ended = await run.ended
}, 300_000)
afterAll(() => bench[Symbol.asyncDispose]())

/** 16 training, 8 test and 20 unlabelled images of noise, the latter with labels in the table. */
async function noiseArchive(name: string, labelOf: (i: number) => string): Promise<string> {
  const pictures = Array.from({ length: 44 }, (_, i): [string, Uint8Array] => [`img/${i}.png`, noisePng(i + 1)])
  const rows = pictures.map(([path], i) =>
    i < 16
      ? `${path},${i % 2 ? 'a' : 'b'},train`
      : i < 24
        ? `${path},${i % 2 ? 'a' : 'b'},test`
        : `${path},${labelOf(i)},unlabelled`,
  )
  const target = join(bench.folder, name)
  await writeFile(target, await tarOf([['labels.csv', ['path,label,split', ...rows].join('\n')], ...pictures]))
  return target
}

const termsOf = ({ events }: Ended) => ofType(events, 'epoch').map(({ unlabelled }) => unlabelled)
const sha256 = (...parts: Uint32Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex')

describe('a training job with unlabelled images', { timeout: 300_000 }, () => {
  it('tells term, weight and ramp of each epoch, and in its report which images they were', async () => {
    expect(ended.exitCode, ended.log).toBe(0)
    expect(ofType(ended.events, 'log')).toEqual([])
    // 4 epochs of 4 steps: the ramp lasts 8, the last steps of the epochs are 4, 8, 12 and 16.
    expect(termsOf(ended).map((terms) => [terms!.weight, terms!.ramp, terms!.counted])).toEqual([
      [5, 0.5, 1],
      [10, 1, 1],
      [10, 1, 1],
      [10, 1, 1],
    ])
    for (const { term, weighted } of termsOf(ended).map((terms) => terms!)) {
      expect(term).toBeGreaterThan(0)
      expect(weighted).toBeGreaterThan(0)
    }
    // At the full weight of ten what is added is ten times the mean term.
    const last = termsOf(ended).at(-1)!
    expect(last.weighted / last.term).toBeCloseTo(10, 9)

    const {
      order,
      train: { count },
    } = await trainingSplit(bench, versionPrefix)
    const report = await readReport(bench, run)
    expect(report.model.trainImages).toBe(64)
    expect(report.training.unlabelled).toEqual({
      method: 'pi-model',
      images: 4436,
      sources: { unlabelled: 4000, 'left-over': 436 },
      positionsSha256: sha256(
        Uint32Array.from({ length: 4000 }, (_, i) => count + i),
        order.subarray(64),
      ),
    })
    expect((await readFile(bench.objectPath(`${run.outputPrefix}model-card.md`))).toString()).toContain(
      '- Pi-model on 4,436 images without their labels (unlabelled, left-over), 1 for each labelled input, 2 stacked to one, weight 10, linear ramp up over 50 % of the steps',
    )
  })

  it('killed, goes on with the losses of an undisturbed run', async () => {
    const options = { job: 'semikill', versionPrefix, spec, checkpointEverySeconds: 0.001 }
    const first = bench.train({ ...options, attempt: 1 })
    await first.until((event) => event.type === 'checkpoint' && event.step >= 5)
    first.kill('SIGKILL')
    await first.ended
    const again = await bench.train({ ...options, attempt: 2 }).ended
    expect(again.exitCode, again.log).toBe(0)
    expect(ofType(again.events, 'started')[0]!.resumedFrom!.step).toBeGreaterThanOrEqual(5)
    expect(lossesOf(again.events)).toEqual(lossesOf(ended.events))
    expect(termsOf(again)).toEqual(termsOf(ended))
  })

  it('goes on only where the images of every part are those it began with', async () => {
    const options = { job: 'semiparts', versionPrefix, spec: { ...spec, epochs: 2 }, checkpointEverySeconds: 3600 }
    const first = bench.train({ ...options, attempt: 1 })
    expect((await first.ended).exitCode).toBe(0)
    const [newest] = (await checkpointsOf(bench, first)).slice(-1)
    const path = bench.objectPath(`${first.checkpointPrefix}${newest!}/state.json`)
    const state = JSON.parse(await readFile(path, 'utf8')) as { fingerprint: string }
    const {
      order,
      train: { count },
      manifest: { contentSha256 },
    } = await trainingSplit(bench, versionPrefix)
    const own = Uint32Array.from({ length: 4000 }, (_, i) => count + i)
    const printOf = (leftOver: Uint32Array) =>
      fingerprint(
        { spec: trainingSpec.parse(options.spec) },
        {
          contentSha256,
          partsSha256: createHash('sha256')
            .update(JSON.stringify([sha256(order.subarray(0, 64)), sha256(new Uint32Array()), sha256(own, leftOver)]))
            .digest('hex'),
        },
      )
    expect(state.fingerprint).toBe(printOf(order.subarray(64)))
    // As if it had been written with two images less.
    await writeFile(path, JSON.stringify({ ...state, fingerprint: printOf(order.subarray(66)) }))
    const again = await bench.train({ ...options, attempt: 2 }).ended
    expect(ofType(again.events, 'started')[0]!.resumedFrom).toBeNull()
    expect(ofType(again.events, 'log').map(({ message }) => message)).toEqual([
      expect.stringContaining('it belongs to another training'),
    ])
  })

  it.each([
    [
      'mean-teacher',
      { mode: 'imclr', emaDecay: 0.9, semiSupervised: { method: 'mean-teacher', stackUnlabelled: false, ratio: 2 } },
    ],
    [
      'pseudo-label',
      { mode: 'baseline', semiSupervised: { method: 'pseudo-label', threshold: 0.3, from: ['left-over'] } },
    ],
  ] as [string, TrainingSpecInput][])('ends with a model, by %s too', async (method, more) => {
    const some = bench.train({ job: method.replace('-', ''), versionPrefix, spec: { ...base, epochs: 2, ...more } })
    const { exitCode, log, events } = await some.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'log')).toEqual([])
    expect((await readReport(bench, some)).training.unlabelled).toMatchObject({ method: more.semiSupervised!.method })
    expect(events.at(-1)).toMatchObject({ type: 'output', endedEarly: null })
  })

  it('fine-tunes by a mean teacher: the model of another job, and what is frozen of it', async () => {
    const from = { id: `mdl_${'a'.repeat(20)}`, name: 'the first', prefix: run.outputPrefix }
    const tuned = bench.train({
      job: 'tunedteacher',
      versionPrefix,
      from,
      spec: {
        ...base,
        epochs: 1,
        emaDecay: 0.9,
        semiSupervised: { method: 'mean-teacher' },
        fineTune: { from: from.id, freeze: ['stem*'] },
      },
    })
    const { exitCode, log, events } = await tuned.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'epoch')[0]!.unlabelled!.term).toBeGreaterThan(0)
    expect((await readManifest(bench, tuned)).origin).toMatchObject({ frozen: ['stem_conv', 'stem_norm'] })
  })

  it.each([
    [
      'Laine and Aila',
      {
        mode: 'imclr',
        network: 'conv-large',
        epochs: 1,
        batchSize: 2,
        trainImages: 10,
        learningRate: 0.003,
        weightDecay: 0,
        schedule: { kind: 'constant' },
        rampUp: { epochs: 0.5, shape: 'gaussian' },
        rampDown: { epochs: 0.5, shape: 'gaussian' },
        optimizer: { kind: 'adam', beta1End: 0.5 },
        augment: ['translate', 'flip', 'noise'],
        semiSupervised: {
          method: 'pi-model',
          target: 'attached',
          batch: 'joint',
          from: ['labelled', 'left-over', 'unlabelled'],
          ratio: 2,
          weight: 100,
          rampUp: { fraction: 0.267, shape: 'gaussian' },
        },
      },
    ],
    [
      'the modern Pi-model',
      {
        mode: 'imclr',
        network: 'wrn28-2',
        epochs: 1,
        batchSize: 4,
        trainImages: 10,
        learningRate: 0.03,
        schedule: { kind: 'cosine-7-16' },
        decay: 'kernels',
        emaDecay: 0.999,
        augment: [{ op: 'crop', border: 'reflect' }, 'flip'],
        semiSupervised: { method: 'pi-model', from: ['labelled', 'left-over', 'unlabelled'] },
      },
    ],
  ] as [string, TrainingSpecInput][])('ends with a model, by the recipe of %s too', async (name, recipe) => {
    const small = await bench.prepare(await noiseArchive('recipe.tar', () => ''))
    const some = bench.train({
      job: name.toLowerCase().replace(/\W/g, ''),
      versionPrefix: small.versionPrefix,
      spec: { ...recipe, evaluation: { corruptionImages: 'none' } },
    })
    const { exitCode, log, events } = await some.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'log')).toEqual([])
    // Ten labelled ones of sixteen, and twenty without labels.
    expect((await readReport(bench, some)).training.unlabelled).toMatchObject({
      images: 36,
      sources: { labelled: 10, 'left-over': 6, unlabelled: 20 },
    })
    expect(ofType(events, 'epoch')[0]!.unlabelled).toMatchObject({
      weight: recipe.semiSupervised!.weight ?? 10,
      ramp: 1,
    })
  })

  it('reads no label of them: shuffled ones give the same losses', async () => {
    const runs = []
    for (const [name, labelOf] of [
      ['as-they-are.tar', (i: number) => (i % 2 ? 'a' : 'b')],
      ['shuffled.tar', (i: number) => (i % 3 ? 'b' : 'a')],
      ['none.tar', () => ''],
    ] as const) {
      const prepared = await bench.prepare(await noiseArchive(name, labelOf))
      const { exitCode, events, log } = await bench.train({
        job: name.replace(/\W/g, ''),
        versionPrefix: prepared.versionPrefix,
        spec: {
          network: 'resnet8',
          epochs: 2,
          batchSize: 8,
          evaluation: { corruptionImages: 'none' },
          semiSupervised: { method: 'pseudo-label', threshold: 0.5 },
        },
      }).ended
      expect(exitCode, log).toBe(0)
      runs.push({
        content: prepared.manifest.contentSha256,
        losses: lossesOf(events),
        terms: ofType(events, 'epoch').map(({ unlabelled }) => unlabelled),
      })
    }
    expect(runs[1]).toEqual(runs[0])
    expect(runs[2]).toEqual(runs[0])
  })
})
