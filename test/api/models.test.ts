import { trainingSpec } from '@imclr/contract'
import { readdirSync } from 'node:fs'
import { sweep } from '@imclr/api'
import { findModelInAnyProject, schema, trainingSpeed } from '@imclr/database'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeModel, makeVersion, smallSpec, type MadeModel } from './makeThings.js'
import { sha256, stacks, startTestApi, type TestApi } from './testApi.js'

type Address = { url: string; base: string; token: string | null; expiresAt: string | null }

describe.each(stacks)('models on %s', (stack) => {
  let api: TestApi
  let versionId: string
  let model: MadeModel
  const fetchFile = (path: string, init: RequestInit = {}, modelId = model.modelId) =>
    fetch(`${api.url}/v1/models/${modelId}/${path}`, init)
  const withKey = (headers: Record<string, string> = {}) => ({
    headers: { authorization: `Bearer ${api.key}`, ...headers },
  })
  beforeAll(async () => {
    api = await startTestApi({ stack })
    versionId = (await makeVersion(api)).versionId
    model = await makeModel(api, versionId)
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })

  it('can be listed and read', async () => {
    const shown = await api.query<{ files: { path: string }[] }>('model.get', { modelId: model.modelId })
    expect(shown).toMatchObject({
      id: model.modelId,
      jobId: model.jobId,
      versionId,
      network: 'resnet8',
      mode: 'imclr',
      classes: ['cat', 'dog', 'owl'],
      public: false,
      endedEarly: null,
    })
    expect(shown.files.map(({ path }) => path)).toEqual([...model.files.keys()])
    expect(await api.query('model.list', { versionId })).toEqual({ items: [shown], nextCursor: null })
  })

  it('get the defaults of fields that an earlier release did not store', async () => {
    const { queries } = api.dependencies.database
    const other = await makeModel(api, versionId)
    await queries
      .update(schema.model)
      .set({ manifest: sql`${schema.model.manifest} - 'layers' - 'origin' #- '{spec,precision}'` })
      .where(eq(schema.model.id, other.modelId))
    expect(await api.query('model.get', { modelId: other.modelId })).toMatchObject({ layers: [], origin: null })
    expect(await findModelInAnyProject(queries, other.modelId)).toMatchObject({
      manifest: { layers: [], origin: null, spec: { precision: 'float32' } },
    })
    await api.mutate('model.delete', { modelId: other.modelId })
  })

  it('with a stored manifest that is not valid are our fault, the log names the field, and they can be deleted', async () => {
    const { queries } = api.dependencies.database
    const { modelId } = await makeModel(api, versionId)
    await queries
      .update(schema.model)
      .set({ manifest: sql`${schema.model.manifest} || '{"accuracy": "high"}'` })
      .where(eq(schema.model.id, modelId))
    const { code, message, requestId } = await api.refusal('query', 'model.get', { modelId })
    expect([code, message]).toEqual(['INTERNAL', 'Something went wrong on our side'])
    expect(api.logs.filter((line) => line['requestId'] === requestId)).toMatchObject([
      {
        err: { message: expect.stringContaining(`manifest of model ${modelId} cannot be read: accuracy: `) as string },
      },
    ])
    expect((await fetchFile('model.json', withKey(), modelId)).status).toBe(500)
    // What answers with an error changes nothing, and what does not need the model goes on.
    expect((await api.refusal('mutation', 'model.setPublic', { modelId, public: true })).code).toBe('INTERNAL')
    const [row] = await queries.select().from(schema.model).where(eq(schema.model.id, modelId))
    expect(row!.public).toBe(false)
    await queries
      .update(schema.model)
      .set({ manifest: sql`${schema.model.manifest} || '{"multiplyAddsPerSecond": "fast"}'` })
      .where(eq(schema.model.id, modelId))
    expect(await trainingSpeed(queries, trainingSpec.parse({}))).not.toMatchObject({ multiplyAddsPerSecond: NaN })
    await api.mutate('model.delete', { modelId })
    expect((await api.refusal('query', 'model.get', { modelId })).code).toBe('NOT_FOUND')
  })

  it('serve their files with type, length, ETag and caching for ever', async () => {
    const types = {
      'model.json': 'application/json',
      'weights.bin': 'application/octet-stream',
      'report.html': 'text/html; charset=utf-8',
      'golden/1.png': 'image/png',
    }
    for (const [path, type] of Object.entries(types)) {
      const bytes = model.files.get(path)!
      const response = await fetchFile(path, withKey())
      expect(response.status).toBe(200)
      expect(
        Object.fromEntries(
          [
            'content-type',
            'content-length',
            'etag',
            'cache-control',
            'access-control-allow-origin',
            'accept-ranges',
            'x-content-type-options',
            'cross-origin-resource-policy',
          ].map((name) => [name, response.headers.get(name)]),
        ),
      ).toEqual({
        'content-type': type,
        'content-length': String(bytes.length),
        etag: `"${sha256(bytes)}"`,
        'cache-control': 'private, max-age=31536000, immutable',
        'access-control-allow-origin': '*',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'cross-origin',
      })
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
      const head = await fetchFile(path, { method: 'HEAD', ...withKey() })
      expect([head.status, head.headers.get('content-length'), head.headers.get('etag'), await head.text()]).toEqual([
        200,
        String(bytes.length),
        `"${sha256(bytes)}"`,
        '',
      ])
    }
    expect((await fetchFile('report.html', withKey())).headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    )
    expect((await fetchFile('model.json', withKey())).headers.get('content-security-policy')).toBe(
      "default-src 'none'; sandbox",
    )
  })

  it('are not sent to a client whose If-None-Match has the ETag', async () => {
    const etag = `"${sha256(model.files.get('weights.bin')!)}"`
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await fetchFile('weights.bin', withKey({ 'if-none-match': given }))
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag])
    }
    expect((await fetchFile('weights.bin', withKey({ 'if-none-match': '"other"' }))).status).toBe(200)
  })

  it('are served in ranges', async () => {
    const bytes = model.files.get('weights.bin')!
    const cases: [range: string, start: number, end: number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=10-19', 10, 20],
      ['bytes=99990-', 99_990, 100_000],
      ['bytes=-5', 99_995, 100_000],
      ['bytes=99999-200000', 99_999, 100_000],
      ['bytes=-200000', 0, 100_000],
    ]
    for (const [range, start, end] of cases) {
      const response = await fetchFile('weights.bin', withKey({ range }))
      expect([
        range,
        response.status,
        response.headers.get('content-range'),
        response.headers.get('content-length'),
      ]).toEqual([range, 206, `bytes ${start}-${end - 1}/100000`, String(end - start)])
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true)
    }
    for (const range of ['bytes=100000-', 'bytes=-0']) {
      const response = await fetchFile('weights.bin', withKey({ range }))
      expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */100000'])
    }
    for (const range of ['bytes=5-2', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b'])
      expect((await fetchFile('weights.bin', withKey({ range }))).status).toBe(200)
    expect((await fetchFile('weights.bin', withKey({ range: 'bytes=0-9', 'if-range': '"another"' }))).status).toBe(200)
    expect(
      (await fetchFile('weights.bin', withKey({ range: 'bytes=0-9', 'if-range': `"${sha256(bytes)}"` }))).status,
    ).toBe(206)
  })

  it('serve no other files, whatever the path', async () => {
    for (const path of [
      'manifest.json',
      'golden',
      'golden/',
      '',
      'golden/..%2fmodel.json',
      '..%2f..%2f1%2foutput%2fmodel.json',
      'model.json%00',
      'MODEL.JSON',
    ]) {
      const response = await fetchFile(path, withKey())
      expect([path, response.status, ((await response.json()) as { code: string }).code]).toEqual([
        path,
        404,
        'NOT_FOUND',
      ])
    }
    expect((await fetch(`${api.url}/v1/models/nonsense/model.json`, withKey())).status).toBe(404)
  })

  it('need a key or a token, and neither where they are public', async () => {
    expect((await fetchFile('model.json')).status).toBe(401)
    expect((await fetchFile('model.json', {}, `mdl_${'a'.repeat(20)}`)).status).toBe(401)
    const address = await api.query<Address>('model.url', { modelId: model.modelId, expiresInSeconds: 60 })
    expect((await fetch(address.url)).status).toBe(200)
    // tfjs puts the query of model.json's address behind the weights' names.
    expect((await fetch(`${address.base}weights.bin${new URL(address.url).search}`)).status).toBe(200)

    const other = await makeModel(api, versionId)
    const [expires, proof] = address.token!.split('.')
    for (const token of [
      `${Number(expires) + 1}.${proof}`,
      `${expires}.${proof!.startsWith('A') ? 'B' : 'A'}${proof!.slice(1)}`,
      'x',
      '',
    ])
      expect((await fetch(`${address.base}model.json?token=${token}`)).status).toBe(401)
    expect((await fetchFile(`model.json?token=${address.token}`, {}, other.modelId)).status).toBe(401)

    expect(await api.mutate('model.setPublic', { modelId: other.modelId, public: true })).toMatchObject({
      public: true,
    })
    expect(await api.query('model.url', { modelId: other.modelId })).toMatchObject({ token: null, expiresAt: null })
    const open = await fetchFile('model.json', {}, other.modelId)
    expect([open.status, open.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
    await api.mutate('model.setPublic', { modelId: other.modelId, public: false })
    expect((await fetchFile('model.json', {}, other.modelId)).status).toBe(401)

    api.later(61)
    expect((await fetch(address.url)).status).toBe(401)
  })

  it('can be loaded by pages of any origin', async () => {
    const preflight = await fetchFile('model.json', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://a.page',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,range',
      },
    })
    expect([
      preflight.status,
      preflight.headers.get('access-control-allow-origin'),
      preflight.headers.get('access-control-allow-headers'),
    ]).toEqual([204, '*', 'authorization,range'])
    expect(preflight.headers.get('access-control-allow-methods')).toContain('GET')
    const exposed = (await fetchFile('model.json', withKey({ origin: 'https://a.page' }))).headers.get(
      'access-control-expose-headers',
    )
    expect(exposed).toContain('etag')
  })

  it('are compared image by image', async () => {
    const baseline = await makeModel(api, versionId, { right: 14, mode: 'baseline' })
    const compared = await api.query<{ clean: { interval: { low: number; high: number } } }>('model.compare', {
      a: baseline.modelId,
      b: model.modelId,
    })
    // Of 30 images the first 14 are known to both, the next 6 to `b` alone. Two-sided exact McNemar: 2 / 2^6.
    expect(compared).toMatchObject({
      a: { mode: 'baseline' },
      b: { mode: 'imclr' },
      clean: {
        images: 30,
        first: 14 / 30,
        second: 20 / 30,
        mcnemar: { onlyFirst: 0, onlySecond: 6, pValue: expect.closeTo(2 / 64, 10) as number },
      },
      corruption: null,
      whyNoCorruption: expect.any(String) as string,
    })
    expect(compared.clean.interval.low).toBeGreaterThan(0)
    expect(compared.clean.interval.high).toBeLessThan(0.5)
    // However many ask, two threads are at work.
    const threads = () => readdirSync('/proc/self/task').length
    const before = threads()
    let most = 0
    const watching = setInterval(() => {
      most = Math.max(most, threads())
    }, 2)
    const all = await Promise.all(
      Array.from({ length: 12 }, () => api.query('model.compare', { a: baseline.modelId, b: model.modelId })),
    )
    clearInterval(watching)
    for (const one of all) expect(one).toEqual(compared)
    expect(most - before).toBeLessThan(8)

    const { versionId: elsewhere } = await makeVersion(api, { datasetName: 'elsewhere' })
    const stranger = await makeModel(api, elsewhere)
    expect(await api.refusal('query', 'model.compare', { a: model.modelId, b: stranger.modelId })).toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('are deleted with their files once nothing needs them, and then so are their job and data', async () => {
    const made = await makeVersion(api, { datasetName: 'to be deleted' })
    const mine = await makeModel(api, made.versionId)
    const waiting = await api.mutate<{ id: string }>('job.submit', {
      versionId: made.versionId,
      spec: { ...smallSpec, evaluation: { referenceModelId: mine.modelId } },
    })

    const inUse = async (path: string, input: unknown, names: string[]) =>
      expect(await api.refusal('mutation', path, input)).toMatchObject({
        code: 'IN_USE',
        status: 409,
        issues: names.map((name) => ({ path: name, fix: expect.any(String) as string })),
      })
    await inUse('model.delete', { modelId: mine.modelId }, [waiting.id])
    await inUse('dataset.deleteVersion', { versionId: made.versionId }, [mine.modelId, waiting.id])
    await inUse('dataset.delete', { datasetId: made.datasetId }, [mine.modelId, waiting.id])
    await inUse('job.delete', { jobId: mine.jobId }, [mine.modelId])
    await inUse('job.delete', { jobId: made.jobId }, [made.versionId])
    expect(await api.refusal('mutation', 'job.delete', { jobId: waiting.id })).toMatchObject({ code: 'CONFLICT' })

    await api.mutate('job.cancel', { jobId: waiting.id })
    // Asked again under the same key, as a client does whose answer was lost: the same answer. Otherwise there is no
    // such model any more.
    for (let i = 0; i < 2; i++)
      expect(
        await api.mutate('model.delete', { modelId: mine.modelId }, { idempotencyKey: 'delete-my-model' }),
      ).toEqual({ modelId: mine.modelId })
    expect(await api.refusal('mutation', 'model.delete', { modelId: mine.modelId })).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await fetchFile('model.json', withKey(), mine.modelId)).status).toBe(404)
    await inUse('job.delete', { jobId: made.jobId }, [made.versionId])
    for (let i = 0; i < 2; i++)
      await api.mutate('dataset.delete', { datasetId: made.datasetId }, { idempotencyKey: 'delete-my-pets' })
    for (const jobId of [mine.jobId, made.jobId, waiting.id]) await api.mutate('job.delete', { jobId })
    for (const jobId of [mine.jobId, made.jobId, waiting.id])
      expect(await api.refusal('query', 'job.get', { jobId })).toMatchObject({ code: 'NOT_FOUND' })

    await sweep(api.dependencies)
    for (const prefix of [
      mine.prefix,
      made.prefix,
      `projects/${made.prefix.split('/')[1]}/uploads/${made.uploadId}/`,
    ]) {
      for await (const { key } of api.dependencies.store.list(prefix)) throw new Error(`${key} was left behind`)
    }
    expect(await api.dependencies.store.head(`${model.prefix}model.json`)).not.toBeNull()
  })
})
