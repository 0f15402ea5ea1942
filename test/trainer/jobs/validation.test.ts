import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingSpecInput } from '@imclr/contract'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selectImages } from '@imclr/trainer/input/testing'
import { demoArchive, lossesOf, ofType, openBench, readReport, serve } from './harness.js'
import type { Bench, Ended, Run } from './harness.js'
import { trainingSplit } from './trainingSplit.js'
import { makeFolder } from '../../support/parts.js'
import { noise, pngOf, tarOf } from '../ingest/uploads.js'

const base: TrainingSpecInput = {
  network: 'resnet8',
  epochs: 16,
  batchSize: 32,
  learningRate: 0.05,
  emaDecay: 0.9,
  augment: [{ op: 'crop', padding: 2 }, 'flip'],
  evaluation: { corruptionImages: 'none' },
}
/** The first 96 images of the order are trained on, the next 24 are held back. */
const spec: TrainingSpecInput = { ...base, trainImages: 120, validation: { images: 24, patience: 2 } }

let bench: Bench
let versionPrefix: string
let run: Run
let ended: Ended

beforeAll(async () => {
  bench = await openBench()
  ;({ versionPrefix } = await bench.prepare(demoArchive))
  run = bench.train({ job: 'validated', versionPrefix, spec })
  ended = await run.ended
}, 300_000)
afterAll(() => bench[Symbol.asyncDispose]())

const fileOf = (some: Run, path: string) => readFile(bench.objectPath(some.outputPrefix + path))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('a training job with a validation part', { timeout: 180_000 }, () => {
  it('trains on the rest alone, ends when patience does, and says which epoch it keeps', async () => {
    expect(ended.exitCode, ended.log).toBe(0)
    const epochs = ofType(ended.events, 'epoch')
    const alone = await bench.train({ job: 'without', versionPrefix, spec: { ...base, trainImages: 96 } }).ended
    expect(lossesOf(ended.events)).toEqual(lossesOf(alone.events).slice(0, epochs.length))
    const best = epochs.reduce((a, b) =>
      b.validation!.accuracy > a.validation!.accuracy ||
      (b.validation!.accuracy === a.validation!.accuracy && b.validation!.loss < a.validation!.loss)
        ? b
        : a,
    )
    expect(epochs).toHaveLength(Math.min(16, best.epoch + 2))
    expect(ended.events.at(-1)).toMatchObject({ type: 'output', endedEarly: null })
    const report = await readReport(bench, run)
    expect(report.model).toMatchObject({ trainImages: 96, epochsTrained: epochs.length })
    expect(report.training.validation).toMatchObject({ images: 24, epoch: best.epoch, ...best.validation })
    expect((await fileOf(run, 'model-card.md')).toString()).toContain(
      `after epoch ${best.epoch}, the best by 24 training images`,
    )
  })

  it('keeps the model that was right so often on the end of the stratified order', async () => {
    const { train, order } = await trainingSplit(bench, versionPrefix)
    const places = order.subarray(96, 120)
    const { validation } = (await readReport(bench, run)).training
    expect(validation!.positionsSha256).toBe(sha256(Buffer.from(places.buffer, places.byteOffset, places.byteLength)))
    const { images, labels, height, width } = selectImages(train, places)
    await using server = await serve(bench.objectPath(run.outputPrefix))
    await tf.setBackend('cpu')
    const model = await tf.loadLayersModel(`${server.url}/model.json`)
    const answers = (
      model.predict(tf.tensor4d(Float32Array.from(images), [24, height, width, 3])) as tf.Tensor
    ).dataSync() as Float32Array
    const hits = labels.reduce(
      (sum, label, i) => sum + (argmax(answers.subarray(10 * i, 10 * i + 10)) === label ? 1 : 0),
      0,
    )
    expect(hits / 24).toBeCloseTo(validation!.accuracy, 12)
    const loss = labels.reduce((sum, label, i) => sum - Math.log(answers[10 * i + label]!) / 24, 0)
    expect(loss).toBeCloseTo(validation!.loss, 3)
  })

  it('killed after its best epoch, still ends with it', async () => {
    const { validation, epochs } = (await readReport(bench, run)).training
    const options = { job: 'validkill', versionPrefix, spec, checkpointEverySeconds: 0.001 }
    const first = bench.train({ ...options, attempt: 1 })
    await first.until((event) => event.type === 'checkpoint' && event.epoch >= validation!.epoch)
    first.kill('SIGKILL')
    await first.ended
    const second = bench.train({ ...options, attempt: 2 })
    const { exitCode, events, log } = await second.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'started')[0]!.resumedFrom!.epoch).toBeGreaterThanOrEqual(validation!.epoch)
    expect(lossesOf(events)).toEqual(lossesOf(ended.events))
    expect(ofType(events, 'epoch').map((epoch) => epoch.validation)).toEqual(epochs.map((epoch) => epoch.validation))
    expect(sha256(await fileOf(second, 'weights.bin'))).toBe(sha256(await fileOf(run, 'weights.bin')))
  })
})

const argmax = (values: Float32Array) => values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)

describe('a training job on a data set that came with a validation part', { timeout: 180_000 }, () => {
  it("chooses the best epoch by that part alone with validation: 'given', and trains on what it trains on without", async () => {
    const folder = makeFolder('given')
    const pictures = await lightAndDark(folder, { train: 40, validation: 15, test: 10 })
    const { versionPrefix: given, manifest } = await bench.prepare(pictures)
    expect([manifest.splits.train.count, manifest.splits.validation.count, manifest.splits.test.count]).toEqual([
      80, 30, 20,
    ])
    const small: TrainingSpecInput = { ...base, epochs: 3, batchSize: 16 }
    const chosen = bench.train({ job: 'givenpart', versionPrefix: given, spec: { ...small, validation: 'given' } })
    const [{ exitCode, events, log }, plain] = [
      await chosen.ended,
      await bench.train({ job: 'givennone', versionPrefix: given, spec: small }).ended,
    ]
    expect(exitCode, log).toBe(0)
    expect(lossesOf(events)).toEqual(lossesOf(plain.events))
    const { model, training } = await readReport(bench, chosen)
    expect(model.trainImages).toBe(80)
    expect(training.validation).toMatchObject({
      images: 30,
      source: 'given',
      positionsSha256: sha256(Buffer.from(Uint32Array.from({ length: 30 }, (_, i) => i).buffer)),
    })
    expect((await fileOf(chosen, 'model-card.md')).toString()).toContain('the best by 30 images of the validation part')
  })
})

/**
 * `train/<class>/`, `val/<class>/`, `test/<class>/` of 16 x 16 pixels, packed by tar: dark and light pictures with
 * noise.
 */
async function lightAndDark(
  folder: string,
  counts: { train: number; validation: number; test: number },
): Promise<string> {
  const entries = Object.entries({ train: counts.train, val: counts.validation, test: counts.test }).flatMap(
    ([part, count], p) =>
      ['dark', 'light'].flatMap((name, label) =>
        Array.from({ length: count }, (_, i): [string, Uint8Array] => {
          const samples = noise(1000 * p + 100 * label + i, 16 * 16 * 3).map((value) => (value >> 1) + 127 * label)
          return [`${part}/${name}/${String(i).padStart(3, '0')}.png`, pngOf(samples, { height: 16, width: 16 })]
        }),
      ),
  )
  const path = join(folder, 'given.tar')
  await writeFile(path, await tarOf(entries))
  return path
}
