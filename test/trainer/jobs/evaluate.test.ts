import { existsSync, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  evaluationManifest,
  evaluationReport,
  failures,
  readPredictions,
  report as reportSchema,
  type DatasetManifest,
  type EvaluationReport,
} from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { npyOf } from '../ingest/npyOf.js'
import { tarOf, zipOf, folderOf } from '../ingest/uploads.js'
import { demoArchive, ofType, openBench, type Bench, type Ended, type Run } from './harness.js'

/** Evaluation jobs on the real thing: trained models out of the store, real pictures, trainer processes. */
let bench: Bench
let version: { versionPrefix: string; manifest: DatasetManifest }
let model: Run
let other: Run

beforeAll(async () => {
  bench = await openBench()
  version = await bench.prepare(demoArchive)
  const spec = {
    network: 'resnet8',
    epochs: 6,
    batchSize: 32,
    trainImages: 96,
    learningRate: 0.05,
    evaluation: { corruptionImages: 40 },
  } as const
  model = bench.train({ job: 'model', versionPrefix: version.versionPrefix, spec })
  expect((await model.ended).exitCode, (await model.ended).log).toBe(0)
  other = bench.train({
    job: 'other',
    versionPrefix: version.versionPrefix,
    spec: { ...spec, epochs: 2, mode: 'baseline', evaluation: { corruptionImages: 'none' } },
  })
  expect((await other.ended).exitCode, (await other.ended).log).toBe(0)
}, 400_000)
afterAll(() => bench[Symbol.asyncDispose]())

const read = (prefix: string, path: string) => readFile(bench.objectPath(prefix + path))
async function reportOf({
  ended,
  outputPrefix,
}: {
  ended: Promise<Ended>
  outputPrefix: string
}): Promise<EvaluationReport> {
  const { exitCode, log } = await ended
  expect(exitCode, log).toBe(0)
  return evaluationReport.parse(JSON.parse((await read(outputPrefix, 'report.json')).toString()))
}
const picturesKept = () => {
  const folder = bench.objectPath(`${version.versionPrefix}pictures`)
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    : 0
}

describe('an evaluation job', { timeout: 300_000 }, () => {
  it('finds what the training found, on the version of the training: the artifact answers as the network did', async () => {
    const kept = picturesKept()
    expect(kept).toBe(95)
    const run = bench.evaluate({
      job: 'same',
      modelPrefix: model.outputPrefix,
      versionPrefix: version.versionPrefix,
      options: { corruptionImages: 40 },
    })
    const found = await reportOf(run)
    expect(picturesKept()).toBe(kept) // nothing was made again
    const trained = reportSchema.parse(JSON.parse((await read(model.outputPrefix, 'report.json')).toString()))
    expect(found.model).toMatchObject({ ...trained.model, name: 'the model', trainedOn: version.manifest.versionId })
    const [now, then] = [
      readPredictions(await read(run.outputPrefix, 'predictions.bin')),
      readPredictions(await read(model.outputPrefix, 'predictions.bin')),
    ]
    expect(now.corruptedRows).toEqual(then.corruptedRows)
    const far = now.probabilities.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - then.probabilities[i]!)),
      0,
    )
    expect(far).toBeLessThan(1e-4)
    const differ = now.corruptedClasses.filter((label, i) => label !== then.corruptedClasses[i]).length
    expect(differ / now.corruptedClasses.length).toBeLessThan(0.002)
    expect(found.calibration.perSeverity.map(({ images }) => images)).toEqual([600, 600, 600, 600, 600])

    const { events } = await run.ended
    expect(events.find(({ type }) => type === 'started')).toMatchObject({ execution: 'graph' })
    expect(ofType(events, 'log')).toEqual([])
    expect([...new Set(ofType(events, 'progress').map(({ phase }) => phase))]).toEqual(['loading', 'evaluating'])
    expect(ofType(events, 'evaluated')).toMatchObject([
      { accuracy: found.clean!.accuracy, images: 2000, corruptionImages: 40 },
    ])
    const manifest = evaluationManifest.parse(JSON.parse((await read(run.outputPrefix, 'manifest.json')).toString()))
    expect(manifest).toMatchObject({
      accuracy: found.clean!.accuracy,
      meanCorruptionError: found.corruption!.meanError,
      meanFlipProbability: null,
      versionId: version.manifest.versionId,
    })
    expect(manifest.files.map(({ path }) => path)).toEqual(['report.json', 'report.html', 'predictions.bin'])
    expect((await read(run.outputPrefix, 'report.html')).toString()).toContain('An evaluation of the registered model')
  })

  it('measures the reference on the same pictures', async () => {
    const found = await reportOf(
      bench.evaluate({
        job: 'against',
        modelPrefix: model.outputPrefix,
        referencePrefix: other.outputPrefix,
        versionPrefix: version.versionPrefix,
        options: { corruptionImages: 40, perturbationImages: 10 },
      }),
    )
    const against = found.corruption!.reference!
    expect(against).toMatchObject({ name: 'the reference', samePictures: true, leftOut: { mCE: [] } })
    expect(against.mCE).toBeGreaterThan(0)
    expect(found.perturbation).toMatchObject({ images: 10, reference: { samePictures: true } })
    const alone = await reportOf(
      bench.evaluate({
        job: 'alone',
        modelPrefix: other.outputPrefix,
        versionPrefix: version.versionPrefix,
        options: { corruptionImages: 40, perturbationImages: 10 },
      }),
    )
    const sum = (report: EvaluationReport, name: string) =>
      report
        .corruption!.cells.filter(({ corruption }) => corruption === name)
        .reduce((total, { error }) => total + error, 0)
    for (const { corruption, ce } of against.perCorruption)
      expect(ce).toBeCloseTo(sum(found, corruption) / sum(alone, corruption), 9)
    found.perturbation!.reference!.perPerturbation.forEach(({ flipRate }, i) => {
      const [own, others] = [found, alone].map((report) => report.perturbation!.perturbations[i]!.flipProbability)
      expect(flipRate).toEqual(others! > 0 ? expect.closeTo(own! / others!, 9) : null)
    })
  })

  it('reads a stored set: of clean pictures under another name, every cell has the clean error', async () => {
    const {
      classes,
      picture: { height, width },
      splits,
    } = version.manifest
    const count = 60
    const test = await read(version.versionPrefix, splits.test.shards[0]!.path)
    // Every 30th test image, so that there are several classes.
    const rows = Array.from({ length: count }, (_, i) => 30 * i)
    const all = await read(version.versionPrefix, splits.test.labels!.path)
    const label = Uint8Array.from({ length: 5 * count }, (_, i) => all.readUInt16LE(2 * rows[i % count]!))
    const size = height * width * 3
    const pictures = Buffer.concat(
      Array.from({ length: 5 * count }, (_, i) =>
        test.subarray(rows[i % count]! * size, (rows[i % count]! + 1) * size),
      ),
    )
    const path = join(bench.folder, 'stored.tar')
    await writeFile(
      path,
      await tarOf([
        ['labels.npy', npyOf('|u1', [5 * count], label)],
        ['classes.txt', classes.join('\n')],
        ['fog.npy', npyOf('|u1', [5 * count, height, width, 3], pictures)],
      ]),
    )
    const stored = await bench.prepare(path)
    const run = bench.evaluate({
      job: 'stored',
      modelPrefix: model.outputPrefix,
      referencePrefix: model.outputPrefix,
      versionPrefix: stored.versionPrefix,
      options: { corruptionImages: 'all' },
    })
    const found = await reportOf(run)
    const {
      probabilities,
      labels: truth,
      classes: width10,
    } = readPredictions(await read(model.outputPrefix, 'predictions.bin'))
    const best = (row: number) =>
      probabilities
        .subarray(row * width10, (row + 1) * width10)
        .reduce((most, value, k, own) => (value > own[most]! ? k : most), 0)
    const wrong = rows.filter((row) => best(row) !== truth[row]).length
    expect(found.clean).toBeNull()
    expect(
      found.corruption!.cells.map(({ corruption, severity, error }) => [
        corruption,
        severity,
        Math.round(error * count),
      ]),
    ).toEqual([1, 2, 3, 4, 5].map((severity) => ['fog', severity, wrong]))
    expect(found.corruption!.reference).toMatchObject({
      mCE: 1,
      relativeMCE: null,
      leftOut: { mCE: [], relativeMCE: ['fog'] },
      samePictures: true,
    })
    expect(found.notes.join(' ')).toContain('The set has 1 of the 15 corruptions')
    expect(ofType((await run.ended).events, 'evaluated')).toEqual([])
  })

  it('refuses other classes and other pictures, naming both sides', async () => {
    const path = join(bench.folder, 'pets.zip')
    await writeFile(path, await zipOf([...folderOf('cat', 6), ...folderOf('dog', 6, { seed: 50 })]))
    const pets = await bench.prepare(path)
    const { exitCode, events } = await bench.evaluate({
      job: 'refused',
      modelPrefix: model.outputPrefix,
      versionPrefix: pets.versionPrefix,
    }).ended
    expect(exitCode).toBe(failures.DATASET_INVALID.exitCode)
    const { failure } = ofType(events, 'failed')[0]!
    expect(failure.issues.map(({ path: where }) => where)).toEqual(['classes', 'picture'])
    expect(failure.issues[0]!.message).toMatch(/"Ankle boot".*; the version has "cat", "dog"/)
    expect(failure.issues[1]!.message).toMatch(/16 x 16 pixels/)
  })

  it('ends when it is told to stop, and keeps nothing', async () => {
    const run = bench.evaluate({
      job: 'stopped',
      modelPrefix: model.outputPrefix,
      versionPrefix: version.versionPrefix,
      options: { corruptionImages: 'all', seed: 9 },
    })
    await run.until((event) => event.type === 'progress' && event.phase === 'evaluating')
    run.kill('SIGTERM')
    const { exitCode, events } = await run.ended
    expect([exitCode, ofType(events, 'failed')[0]?.failure.code]).toEqual([failures.CANCELED.exitCode, 'CANCELED'])
    expect(existsSync(bench.objectPath(`${run.outputPrefix}manifest.json`))).toBe(false)
  })
})
