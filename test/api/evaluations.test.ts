import { randomBytes } from 'node:crypto'
import { makeId, type EvaluateJob, type EvaluationManifest } from '@imclr/contract'
import { finishJob, schema } from '@imclr/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cleanPredictions,
  corruptedPredictions,
  makeModel,
  makeVersion,
  startJob,
  type MadeModel,
  type MadeVersion,
} from './makeThings.js'
import { sha256, startTestApi, type TestApi } from './testApi.js'

let api: TestApi
let trainedOn: MadeVersion
let version: MadeVersion
let model: MadeModel
beforeAll(async () => {
  api = await startTestApi()
  trainedOn = await makeVersion(api)
  version = await makeVersion(api, { datasetName: 'other pets' })
  model = await makeModel(api, trainedOn.versionId)
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

const evaluate = (input: object = {}) =>
  api.mutate<EvaluateJob>('job.evaluate', { modelId: model.modelId, versionId: version.versionId, ...input })

/** As a trainer would have left it, and a scheduler recorded. */
async function finish(
  jobId: string,
  {
    right = 20,
    of = version.versionId,
    predictions = cleanPredictions({ versionId: of, right }),
  }: { right?: number; of?: string; predictions?: Buffer } = {},
) {
  const { fence, prefix } = await startJob(api, jobId)
  const page = Buffer.from('<!doctype html><p>Evaluation')
  const files = [
    { path: 'report.html', bytes: page.length, sha256: sha256(page), contentType: 'text/html; charset=utf-8' },
  ]
  await api.dependencies.store.put(`${prefix}report.html`, page, { contentType: 'text/html; charset=utf-8' })
  await api.dependencies.store.put(`${prefix}predictions.bin`, predictions, { contentType: 'application/octet-stream' })
  const manifest: EvaluationManifest = {
    schemaVersion: 1,
    kind: 'evaluation',
    jobId,
    attempt: fence.attempt,
    modelId: model.modelId,
    versionId: of,
    modelManifestSha256: '0'.repeat(64),
    accuracy: 0.75,
    meanCorruptionError: 0.5,
    meanFlipProbability: null,
    files,
  }
  await api.dependencies.store.put(`${prefix}manifest.json`, Buffer.from(JSON.stringify(manifest)), {
    contentType: 'application/json',
  })
  await finishJob(api.dependencies.database, fence, {
    state: 'succeeded',
    failure: null,
    endedEarly: null,
    secondsSpent: 1,
    leftovers: [],
    log: null,
    result: { kind: 'evaluation', id: jobId },
  })
  return { page, files }
}

describe('evaluations', () => {
  it('are jobs: the answer says what will run, lists find them by kind, and their result is there once they succeed', async () => {
    const job = await evaluate({ name: 'elsewhere', options: { corruptionImages: 20, perturbationImages: 'all' } })
    expect(job).toMatchObject({
      kind: 'evaluate',
      state: 'queued',
      name: 'elsewhere',
      modelId: model.modelId,
      versionId: version.versionId,
      datasetId: version.datasetId,
      options: { corruptionImages: 20, perturbationImages: 'all', referenceModelId: null, seed: 1 },
      estimate: { basis: 'measured' },
    })
    expect((await api.query<{ items: object[] }>('job.list', { kind: 'evaluate' })).items).toMatchObject([
      { id: job.id },
    ])
    expect(await api.refusal('query', 'job.evaluation', { jobId: job.id })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is queued') as string,
    })

    const { page, files } = await finish(job.id)
    expect(await api.query('job.get', { jobId: job.id })).toMatchObject({ state: 'succeeded', modelId: model.modelId })
    expect(await api.query('job.evaluation', { jobId: job.id })).toEqual({
      jobId: job.id,
      modelId: model.modelId,
      versionId: version.versionId,
      accuracy: 0.75,
      meanCorruptionError: 0.5,
      meanFlipProbability: null,
      files,
    })
    const fetchFile = (path: string, key: string | null) =>
      fetch(`${api.url}/v1/evaluations/${job.id}/${path}`, {
        headers: key === null ? {} : { authorization: `Bearer ${key}` },
      })
    const response = await fetchFile('report.html', api.key)
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('etag'),
      response.headers.get('cache-control'),
    ]).toEqual([200, 'text/html; charset=utf-8', `"${sha256(page)}"`, 'private, max-age=31536000, immutable'])
    expect(response.headers.get('content-security-policy')).toContain("style-src 'unsafe-inline'")
    expect(Buffer.from(await response.arrayBuffer())).toEqual(page)
    expect((await fetchFile('manifest.json', api.key)).status).toBe(404)
    expect((await fetchFile('../report.html', api.key)).status).toBe(404)
    expect((await fetchFile('report.html', null)).status).toBe(401)
    const { secret } = await api.mutate<{ secret: string }>('project.create', { name: 'strangers' })
    expect((await fetchFile('report.html', secret)).status).toBe(404)

    // The files are the job's: they go with it.
    await api.mutate('job.delete', { jobId: job.id })
    expect((await fetchFile('report.html', api.key)).status).toBe(404)
  })

  it('are compared image by image, whatever their models were trained on', async () => {
    const [first, second, elsewhere] = [
      await evaluate(),
      await evaluate(),
      await evaluate({ versionId: trainedOn.versionId }),
    ]
    await finish(first.id, { right: 20 })
    expect(await api.refusal('query', 'job.compareEvaluations', { a: first.id, b: second.id })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is queued') as string,
    })
    await finish(second.id, { right: 24 })
    await finish(elsewhere.id, { of: trainedOn.versionId })
    // 20 and 24 of 30 right, the first 20 the same ones.
    const compared = await api.query<{ a: object; b: object; clean: { difference: number } }>(
      'job.compareEvaluations',
      { a: first.id, b: second.id },
    )
    expect(compared).toMatchObject({
      a: { jobId: first.id },
      b: { jobId: second.id },
      clean: { images: 30, first: 20 / 30, second: 0.8, mcnemar: { onlyFirst: 0, onlySecond: 4 } },
      corruption: null,
    })
    expect(compared.clean.difference).toBeCloseTo(4 / 30, 12)
    expect(await api.refusal('query', 'job.compareEvaluations', { a: first.id, b: elsewhere.id })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(trainedOn.versionId) as string,
    })
    expect(await api.refusal('query', 'job.compareEvaluations', { a: first.id, b: model.jobId })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is no evaluation') as string,
    })
  })

  it('on a stored set of corrupted images are compared on these images, where both have the same', async () => {
    const made = await Promise.all(
      [{ right: 15 }, { right: 21 }, { right: 21, seed: 2 }].map(async (given) => {
        const { id } = await evaluate()
        await finish(id, { predictions: corruptedPredictions({ versionId: version.versionId, ...given }) })
        return id
      }),
    )
    const [a, b, other] = made
    const compared = await api.query<{ corruption: { difference: number; interval: { low: number; high: number } } }>(
      'job.compareEvaluations',
      { a, b },
    )
    expect(compared).toMatchObject({
      a: { jobId: a },
      b: { jobId: b },
      clean: null,
      corruption: {
        images: 30,
        cells: 2,
        first: expect.closeTo(0.5, 12) as number,
        second: expect.closeTo(0.3, 12) as number,
      },
      whyNoCorruption: null,
    })
    expect(compared.corruption.difference).toBeCloseTo(-0.2, 12)
    expect(compared.corruption.interval.high).toBeLessThan(0)
    expect(await api.refusal('query', 'job.compareEvaluations', { a, b: other })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(
        'drawn with different seeds, tables or frost. Evaluate both with the same options',
      ) as string,
    })
  })

  it('are refused where classes or pictures differ, with those of both', async () => {
    const alter = (versionId: string, change: object) =>
      api.dependencies.database.queries
        .update(schema.version)
        .set({
          summary: {
            ...version.manifest,
            counts: { train: 60, test: 30, unlabelled: 0 },
            perClass: { train: [], test: [] },
            ...change,
          } as never,
        })
        .where(eq(schema.version.id, versionId))
    const odd = await makeVersion(api, { datasetName: 'odd' })
    await alter(odd.versionId, { classes: ['cat', 'dog', 'eel'] })
    const classes = await api.refusal('mutation', 'job.evaluate', { modelId: model.modelId, versionId: odd.versionId })
    expect(classes).toMatchObject({
      code: 'BAD_INPUT',
      issues: [
        { path: 'classes', message: 'The model tells apart "cat", "dog", "owl"; the version has "cat", "dog", "eel"' },
      ],
    })
    await alter(odd.versionId, { picture: { height: 64, width: 64, fit: 'letterbox', kernel: 'lanczos3' } })
    const pictures = await api.refusal('mutation', 'job.evaluate', { modelId: model.modelId, versionId: odd.versionId })
    expect(pictures.issues).toMatchObject([
      {
        path: 'picture',
        message: expect.stringMatching(/32 x 32 pixels by 'crop'.*64 x 64 pixels by 'letterbox'/) as string,
      },
    ])
    await alter(odd.versionId, { counts: { train: 0, test: 0, unlabelled: 5 } })
    expect(
      (await api.refusal('mutation', 'job.evaluate', { modelId: model.modelId, versionId: odd.versionId })).issues,
    ).toMatchObject([{ path: 'versionId' }])
    // In another order they are the same classes.
    await alter(odd.versionId, { classes: ['owl', 'cat', 'dog'] })
    expect((await evaluate({ versionId: odd.versionId })).state).toBe('queued')
    // A version without training images cannot be trained on.
    await alter(odd.versionId, { counts: { train: 0, test: 30, unlabelled: 0 } })
    expect((await api.refusal('mutation', 'job.submit', { versionId: odd.versionId })).issues).toMatchObject([
      { path: 'versionId', fix: expect.stringContaining('job.evaluate') as string },
    ])
  })

  it('need an existing model, version and reference, which cannot be deleted until they have ended', async () => {
    const absent = makeId('mdl', randomBytes(20))
    expect(
      await api.refusal('mutation', 'job.evaluate', { modelId: absent, versionId: version.versionId }),
    ).toMatchObject({ code: 'NOT_FOUND' })
    expect(
      await api.refusal('mutation', 'job.evaluate', {
        modelId: model.modelId,
        versionId: version.versionId,
        options: { referenceModelId: absent },
      }),
    ).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('reference') as string })
    const [evaluated, reference] = [
      await makeModel(api, trainedOn.versionId),
      await makeModel(api, trainedOn.versionId, { mode: 'baseline' }),
    ]
    const { id } = await evaluate({ modelId: evaluated.modelId, options: { referenceModelId: reference.modelId } })
    for (const [modelId, why] of [
      [evaluated.modelId, 'evaluates it'],
      [reference.modelId, 'is measured against it'],
    ] as const) {
      expect(await api.refusal('mutation', 'model.delete', { modelId })).toMatchObject({
        code: 'IN_USE',
        issues: [{ path: id, message: expect.stringContaining(why) as string }],
      })
    }
    expect(await api.refusal('mutation', 'dataset.deleteVersion', { versionId: version.versionId })).toMatchObject({
      code: 'IN_USE',
    })
    await api.mutate('job.cancel', { jobId: id, mode: 'now' })
    expect(await api.mutate('model.delete', { modelId: evaluated.modelId })).toEqual({ modelId: evaluated.modelId })
    expect(await api.query('job.get', { jobId: id })).toMatchObject({ state: 'canceled', modelId: evaluated.modelId })
  })
})

describe('the preview of corruptions', () => {
  it('is a picture at a signed URL; for a version without one the answer says so', async () => {
    const { url } = await api.query<{ url: string }>('dataset.corruptionPreviewUrl', { versionId: version.versionId })
    expect(await (await fetch(url)).text()).toMatch(/^a preview of /)
    const { manifest, prefix } = version
    await api.dependencies.store.put(
      `${prefix}manifest.json`,
      Buffer.from(JSON.stringify({ ...manifest, corruptionPreview: undefined })),
      { contentType: 'application/json' },
    ) // as it was written before there were any
    expect(await api.refusal('query', 'dataset.corruptionPreviewUrl', { versionId: version.versionId })).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no preview') as string,
    })
  })
})
