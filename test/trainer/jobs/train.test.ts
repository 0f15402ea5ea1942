import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { failures, goldenFile, readPredictions, report as reportSchema, suspendedExitCode } from '@imclr/contract'
import type { TrainingSpecInput } from '@imclr/contract'
import { openStore } from '@imclr/storage'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyArtifact } from '@imclr/trainer/artifact/testing'
import { decodePicture } from '@imclr/trainer/image/testing'
import { stream } from '@imclr/trainer/random/testing'
import { checkpointsOf, demoArchive, lossesOf, ofType, openBench, readManifest, serve } from './harness.js'
import type { Bench, Ended, Run } from './harness.js'

/** Small, but the whole road: 96 of the demo's training images, all 2,000 test images. */
const small: TrainingSpecInput = {
  network: 'resnet8',
  epochs: 16,
  batchSize: 32,
  trainImages: 96,
  learningRate: 0.05,
  emaDecay: 0.9,
  augment: [{ op: 'crop', padding: 2 }, 'flip'],
  evaluation: { corruptionImages: 'none' },
}

let bench: Bench
let versionPrefix: string
let undisturbed: { run: Run; ended: Ended }

beforeAll(async () => {
  bench = await openBench()
  ;({ versionPrefix } = await bench.prepare(demoArchive))
  const run = bench.train({ job: 'whole', versionPrefix, spec: small })
  undisturbed = { run, ended: await run.ended }
})
afterAll(() => bench[Symbol.asyncDispose]())

const weightsOf = (run: Run) =>
  createHash('sha256')
    .update(readFileSync(bench.objectPath(`${run.outputPrefix}weights.bin`)))
    .digest('hex')
const fileOf = (run: Run, path: string) => readFile(bench.objectPath(run.outputPrefix + path))

describe('a training job', { timeout: 180_000 }, () => {
  it('ends with an output, having told of every phase and epoch', () => {
    const { exitCode, events, log } = undisturbed.ended
    expect(exitCode, log).toBe(0)
    expect(events.find(({ type }) => type === 'started')).toMatchObject({
      execution: 'graph',
      precision: 'float32',
      resumedFrom: null,
    })
    expect(ofType(events, 'epoch').map(({ epoch, steps, once }) => [epoch, steps, once])).toEqual(
      Array.from({ length: 16 }, (_, i) => [i + 1, 3 * (i + 1), `epoch-${i + 1}`]),
    )
    expect([...new Set(ofType(events, 'progress').map(({ phase }) => phase))]).toEqual([
      'loading',
      'training',
      'evaluating',
      'exporting',
      'verifying',
    ])
    expect(events.at(-1)).toMatchObject({
      type: 'output',
      manifestKey: `${undisturbed.run.outputPrefix}manifest.json`,
      endedEarly: null,
    })
  })

  it('learns, and its loss is never below the entropy of its labels', () => {
    const epochs = ofType(undisturbed.ended.events, 'epoch')
    for (const { loss, labelEntropy } of epochs) expect(loss).toBeGreaterThan(labelEntropy)
    // Pairs of two classes: ln 2; of the same class: 0.
    for (const { labelEntropy } of epochs) expect(labelEntropy).toBeGreaterThan(0.5)
    for (const { labelEntropy } of epochs) expect(labelEntropy).toBeLessThanOrEqual(Math.LN2)
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss - 0.3)
    const [evaluated] = ofType(undisturbed.ended.events, 'evaluated')
    expect(evaluated).toMatchObject({ images: 2000, corruptionError: null })
    expect(evaluated!.low).toBeGreaterThan(0.3) // chance is 0.1
  })

  it('leaves an artifact whose manifest, report and predictions agree', async () => {
    const manifest = await readManifest(bench, undisturbed.run)
    for (const { path, sha256, bytes } of manifest.files) {
      const content = await fileOf(undisturbed.run, path)
      expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([path, bytes, sha256])
    }
    const report = reportSchema.parse(JSON.parse((await fileOf(undisturbed.run, 'report.json')).toString()))
    expect(report.training.epochs).toHaveLength(16)
    expect(report.clean.accuracy).toBe(manifest.accuracy)
    const { probabilities, labels, classes } = readPredictions(await fileOf(undisturbed.run, 'predictions.bin'))
    const hits = labels.reduce(
      (sum, label, i) => sum + (argmax(probabilities.subarray(i * classes, (i + 1) * classes)) === label ? 1 : 0),
      0,
    )
    expect(hits / labels.length).toBeCloseTo(manifest.accuracy, 12)
    expect(manifest.parameters).toBe(78_042)
    expect(manifest.multiplyAddsPerSecond).toBeGreaterThan(1e8)
    const { picture, cases } = goldenFile.parse(JSON.parse((await fileOf(undisturbed.run, 'golden.json')).toString()))
    expect(cases.map(({ original }) => original)).toEqual(
      manifest.files.flatMap(({ path }) => (path.startsWith('golden/') ? path : [])),
    )
    expect(cases).toHaveLength(8)
    for (const { original, pixels } of cases)
      expect(
        Buffer.from(await decodePicture(await fileOf(undisturbed.run, original), picture)).toString('base64'),
      ).toBe(pixels)
    const card = (await fileOf(undisturbed.run, 'model-card.md')).toString()
    expect(card).toContain('| T-shirt\\_top |')
    expect(card).toContain(', on a CPU (')
  })

  it('reports the weights that were averaged beside their average: those of the same training without', async () => {
    const { exitCode, events, log } = await bench.train({
      job: 'notaveraged',
      versionPrefix,
      spec: { ...small, emaDecay: null },
    }).ended
    expect(exitCode, log).toBe(0)
    expect(lossesOf(events)).toEqual(lossesOf(undisturbed.ended.events))
    const { rawWeights, clean } = reportSchema.parse(
      JSON.parse((await fileOf(undisturbed.run, 'report.json')).toString()),
    )
    const [averaged, raw] = [undisturbed.ended.events, events].map((some) => ofType(some, 'evaluated')[0]!)
    expect(rawWeights).toMatchObject({
      images: 2000,
      accuracy: raw!.accuracy,
      interval: { low: raw!.low, high: raw!.high },
    })
    expect(averaged).toMatchObject({ accuracy: clean.accuracy, rawAccuracy: raw!.accuracy })
    expect(raw).not.toHaveProperty('rawAccuracy')
    expect((await fileOf(undisturbed.run, 'model-card.md')).toString()).toContain('accuracy without averaging')
  })

  it('makes a model that plain tfjs loads over HTTP and that meets its golden outputs', async () => {
    await using server = await serve(bench.objectPath(undisturbed.run.outputPrefix))
    await tf.setBackend('cpu')
    const model = await tf.loadLayersModel(`${server.url}/model.json`)
    const { picture, cases } = goldenFile.parse(JSON.parse((await fileOf(undisturbed.run, 'golden.json')).toString()))
    for (const { pixels, probabilities } of cases) {
      const input = tf.tensor4d(Float32Array.from(Buffer.from(pixels, 'base64')), [1, picture.height, picture.width, 3])
      const output = Array.from((model.predict(input) as tf.Tensor).dataSync())
      expect(Math.max(...output.map((value, i) => Math.abs(value - probabilities[i]!)))).toBeLessThan(1e-3)
    }
    const layers = new Set(model.layers.map((layer) => layer.getClassName()))
    expect([...layers].sort()).toEqual([
      'Activation',
      'Add',
      'BatchNormalization',
      'Concatenate',
      'Conv2D',
      'Dense',
      'GlobalAveragePooling2D',
      'InputLayer',
      'ZeroPadding2D',
    ])
  })

  it('is not registered with weights that are not the exported ones', async () => {
    const { files } = await readManifest(bench, undisturbed.run)
    const store = await openStore({ kind: 'folder', root: join(bench.folder, 'objects') })
    const prefix = undisturbed.run.outputPrefix
    expect(await verifyArtifact(store, { prefix, files })).toBeLessThan(1e-4)
    const good = await fileOf(undisturbed.run, 'weights.bin')
    const altered = Buffer.from(good)
    // One bias of the head: its class's odds times e, which no sure prediction hides.
    altered.writeFloatLE(altered.readFloatLE(altered.length - 4) + 1, altered.length - 4)
    try {
      await writeFile(bench.objectPath(`${prefix}weights.bin`), altered)
      await expect(verifyArtifact(store, { prefix, files })).rejects.toMatchObject({
        code: 'ARTIFACT_INVALID',
        message: expect.stringContaining('came back'),
      })
      const sha256 = createHash('sha256').update(altered).digest('hex')
      const listed = files.map((file) => (file.path === 'weights.bin' ? { ...file, sha256 } : file))
      await expect(verifyArtifact(store, { prefix, files: listed })).rejects.toMatchObject({
        code: 'ARTIFACT_INVALID',
        message: expect.stringContaining('golden'),
      })
    } finally {
      await writeFile(bench.objectPath(`${prefix}weights.bin`), good)
      await store.close()
    }
  })

  it('reads the test split after its last step, and not before', async () => {
    const { versionPrefix: other, manifest } = await bench.prepare(demoArchive)
    await writeFile(bench.objectPath(other + manifest.splits.test.shards[0]!.path), 'not a shard')
    const { exitCode, events } = await bench.train({
      job: 'blind',
      versionPrefix: other,
      spec: { ...small, epochs: 2 },
    }).ended
    expect(ofType(events, 'epoch')).toHaveLength(2)
    expect([exitCode, events.at(-1)]).toEqual([
      failures.CHECKSUM_MISMATCH.exitCode,
      expect.objectContaining({
        type: 'failed',
        failure: expect.objectContaining({ code: 'CHECKSUM_MISMATCH' }) as object,
      }),
    ])
  })

  it('is the same again, bit for bit, by eager steps to five digits', async () => {
    const again = bench.train({ job: 'again', versionPrefix, spec: small })
    const ended = await again.ended
    expect(lossesOf(ended.events)).toEqual(lossesOf(undisturbed.ended.events))
    expect(weightsOf(again)).toBe(weightsOf(undisturbed.run))
    const eager = bench.train({ job: 'eager', versionPrefix, spec: { ...small, epochs: 16, execution: 'eager' } })
    await eager.until(({ type }) => type === 'epoch')
    eager.kill('SIGTERM')
    const { events } = await eager.ended
    expect(ofType(events, 'started')[0]).toMatchObject({ execution: 'eager' })
    expect(lossesOf(events)[0]!.loss).toBeCloseTo(lossesOf(undisturbed.ended.events)[0]!.loss, 4)
  })
})

describe('an interrupted training job', { timeout: 180_000 }, () => {
  it('killed at random moments, its newest checkpoint damaged once, ends with the losses and weights of the undisturbed run', async () => {
    const moments = stream({ seed: 5, name: 'shuffle' })
    const options = { job: 'killed', versionPrefix, spec: small, checkpointEverySeconds: 0.001 }
    const resumed: number[] = []
    let warnings = 0
    for (let attempt = 1; attempt <= 3; attempt++) {
      const run = bench.train({ ...options, attempt })
      const begun = await run.until(({ type }) => type === 'started')
      if (begun.type === 'started' && begun.resumedFrom) resumed.push(begun.resumedFrom.step)
      const epoch = 3 * attempt + moments.int(3)
      await run.until((event) => event.type === 'epoch' && event.epoch >= epoch)
      run.kill('SIGKILL')
      const killed = await run.ended
      expect(killed.signal).toBe('SIGKILL')
      warnings += ofType(killed.events, 'log').filter(({ message }) => message.includes('is damaged')).length
      if (attempt === 2) {
        const newest = (await checkpointsOf(bench, run)).at(-1)!
        const path = bench.objectPath(`${run.checkpointPrefix}${newest}/state.bin`)
        const bytes = await readFile(path)
        bytes[bytes.length >> 1]! ^= 1
        await writeFile(path, bytes)
      }
    }
    const last = bench.train({ ...options, attempt: 4 })
    const { exitCode, events, log } = await last.ended
    expect(exitCode, log).toBe(0)
    expect(resumed.length).toBeGreaterThan(0)
    expect(warnings + ofType(events, 'log').filter(({ message }) => message.includes('is damaged')).length).toBe(1)
    expect(lossesOf(events)).toEqual(lossesOf(undisturbed.ended.events))
    expect(weightsOf(last)).toBe(weightsOf(undisturbed.run))
    expect((await checkpointsOf(bench, last)).length).toBeLessThanOrEqual(2)
  })

  it('that fine-tunes a model, killed, ends as the undisturbed one: frozen layers as they were, all else moved', async () => {
    const from = { id: `mdl_${'a'.repeat(20)}`, name: 'the first', prefix: undisturbed.run.outputPrefix }
    const spec: TrainingSpecInput = {
      ...small,
      epochs: 6,
      emaDecay: null,
      fineTune: { from: from.id, freeze: ['stem*', 'stage1*', 'stage2_unit1_norm1'] },
    }
    const whole = bench.train({ job: 'tuned', versionPrefix, spec, from })
    const expected = await whole.ended
    expect(expected.exitCode, expected.log).toBe(0)
    const options = { job: 'tunedkilled', versionPrefix, spec, from, checkpointEverySeconds: 0.001 }
    const first = bench.train(options)
    await first.until((event) => event.type === 'epoch' && event.epoch === 2)
    first.kill('SIGKILL')
    await first.ended
    const second = bench.train({ ...options, attempt: 2 })
    const ended = await second.ended
    expect(ofType(ended.events, 'started')[0]!.resumedFrom?.step).toBeGreaterThan(0)
    expect(lossesOf(ended.events)).toEqual(lossesOf(expected.events))
    expect(weightsOf(second)).toBe(weightsOf(whole))

    const manifest = await readManifest(bench, second)
    expect(manifest.origin).toMatchObject({
      id: from.id,
      name: 'the first',
      licence: null,
      frozen: expect.arrayContaining(['stem_norm', 'stage2_unit1_norm1']) as string[],
    })
    await using server = await serve(bench.objectPath(''))
    const [before, after] = await Promise.all(
      [undisturbed.run, second].map((run) => tf.loadLayersModel(`${server.url}/${run.outputPrefix}model.json`)),
    )
    const values = (model: tf.LayersModel, name: string) =>
      model.weights
        .find((weight) => weight.originalName === name)!
        .read()
        .dataSync()
        .join()
    for (const { originalName: name } of before!.weights) {
      if (!name.startsWith('normalise/'))
        expect([name, values(before!, name) === values(after!, name)]).toEqual([
          name,
          /^(stem|stage1|stage2_unit1_norm1)/.test(name),
        ])
    }
  })

  it('suspended by SIGUSR2, goes on from there', async () => {
    const options = { job: 'suspend', versionPrefix, spec: small }
    const first = bench.train({ ...options, attempt: 1 })
    await first.until((event) => event.type === 'epoch' && event.epoch === 4)
    first.kill('SIGUSR2')
    const { exitCode, events } = await first.ended
    expect(exitCode).toBe(suspendedExitCode)
    const last = events.at(-1)!
    expect(last).toMatchObject({ type: 'checkpoint' })
    const second = bench.train({ ...options, attempt: 2 })
    const ended = await second.ended
    expect(ofType(ended.events, 'started')[0]!.resumedFrom).toMatchObject({
      step: last.type === 'checkpoint' ? last.step : NaN,
    })
    expect(lossesOf(ended.events)).toEqual(lossesOf(undisturbed.ended.events))
    expect(weightsOf(second)).toBe(weightsOf(undisturbed.run))
  })

  it('stopped by SIGTERM, keeps the model it has; killed while evaluating that, it is evaluated by the next attempt', async () => {
    const options = { job: 'stopped', versionPrefix, spec: small }
    const first = bench.train({ ...options, attempt: 1 })
    await first.until((event) => event.type === 'epoch' && event.epoch === 3)
    first.kill('SIGTERM')
    await first.until((event) => event.type === 'checkpoint')
    first.kill('SIGKILL')
    await first.ended
    const second = bench.train({ ...options, attempt: 2 })
    const { exitCode, events } = await second.ended
    expect(exitCode).toBe(0)
    expect(events.at(-1)).toMatchObject({ type: 'output', endedEarly: 'stopped' })
    const { epochsTrained, endedEarly } = await readManifest(bench, second)
    expect(endedEarly).toBe('stopped')
    expect(epochsTrained).toBeGreaterThanOrEqual(3)
    expect(epochsTrained).toBeLessThan(16)
  })

  it('stopped before its first step has nothing to keep', async () => {
    const run = bench.train({ job: 'early', versionPrefix, spec: small })
    await run.until(({ type }) => type === 'progress')
    run.kill('SIGTERM')
    const { exitCode, events } = await run.ended
    expect(exitCode).toBe(failures.CANCELED.exitCode)
    expect(events.at(-1)).toMatchObject({ type: 'failed', failure: { code: 'CANCELED' } })
  })

  it('whose loss is not finite says so and keeps its last good checkpoint', async () => {
    const spec: TrainingSpecInput = {
      ...small,
      epochs: 1000,
      rampUp: { epochs: 1000 },
      learningRate: 100,
      weightDecay: 1,
    }
    const run = bench.train({ job: 'diverge', versionPrefix, spec, checkpointEverySeconds: 0.001 })
    const { exitCode, events } = await run.ended
    expect(exitCode).toBe(failures.LOSS_NOT_FINITE.exitCode)
    const last = events.at(-1)!
    expect(last).toMatchObject({
      type: 'failed',
      failure: { code: 'LOSS_NOT_FINITE', hint: failures.LOSS_NOT_FINITE.hint },
    })
    const kept = (await checkpointsOf(bench, run)).at(-1)!
    const values = new Float32Array(
      (await readFile(bench.objectPath(`${run.checkpointPrefix}${kept}/state.bin`))).buffer,
    )
    expect(values.every(Number.isFinite)).toBe(true)
    expect(readdirSync(bench.folder)).not.toContain('projects')
  })
})

const argmax = (values: Float32Array) => values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)
