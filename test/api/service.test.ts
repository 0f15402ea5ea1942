import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTRPCClient, httpBatchStreamLink } from '@trpc/client'
import type { AppRouter } from '@imclr/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVersion } from './makeThings.js'
import { stacks, startTestApi, type TestApi } from './testApi.js'

describe('the service', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })
  const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init)
  const authorization = () => `Bearer ${api.key}`

  it('says what it is and what its limits are', async () => {
    expect(await api.query('system.info')).toMatchObject({
      service: 'imclr',
      version: expect.stringMatching(/^\d/) as string,
      limits: { partBytes: 8 * 2 ** 20, maxParts: 10_000 },
      networks: expect.arrayContaining([expect.objectContaining({ name: 'wrn28-2', smallestSize: 8 })]) as unknown[],
    })
  })

  it('gives every answer a request id, the one of the client where it is valid', async () => {
    const given = await get('/healthz', { headers: { 'x-request-id': 'my-request-17' } })
    expect([given.status, given.headers.get('x-request-id'), await given.json()]).toEqual([
      200,
      'my-request-17',
      { status: 'ok' },
    ])
    expect((await get('/healthz', { headers: { 'x-request-id': 'no {good}' } })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    )
    expect(
      await api.refusal(
        'query',
        'job.get',
        { jobId: 'job_aaaaaaaaaaaaaaaaaaaa' },
        { headers: { 'x-request-id': 'request-18' } },
      ),
    ).toMatchObject({ code: 'NOT_FOUND', requestId: 'request-18' })
  })

  it('hides its own faults from callers, and logs them once under the request id', async () => {
    const { versionId, prefix } = await makeVersion(api)
    await api.dependencies.store.delete([`${prefix}manifest.json`])
    const wire = await api.refusal(
      'query',
      'dataset.versionManifest',
      { versionId },
      { headers: { 'x-request-id': 'request-19' } },
    )
    expect(wire).toEqual({
      code: 'INTERNAL',
      message: 'Something went wrong on our side',
      hint: expect.any(String) as string,
      retryable: true,
      status: 500,
      requestId: 'request-19',
      issues: [],
    })
    const lines = api.logs.filter((line) => line.requestId === 'request-19')
    expect(lines).toMatchObject([
      {
        msg: 'request failed',
        path: 'dataset.versionManifest',
        err: {
          message: expect.stringMatching(/an object that the database names is missing: .*manifest\.json/) as string,
          stack: expect.stringContaining('caused by: Failure') as string,
        },
      },
    ])
    // An error that is no failure of ours: the manifest is there again, and is not JSON.
    await api.dependencies.store.put(`${prefix}manifest.json`, Buffer.from('no JSON'), {
      contentType: 'application/json',
    })
    const { requestId } = await api.refusal('query', 'dataset.versionManifest', { versionId })
    expect(api.logs.filter((line) => line.requestId === requestId)).toMatchObject([
      {
        err: {
          message: expect.stringMatching(/^an unexpected error: .*is not valid JSON$/) as string,
          stack: expect.stringContaining('caused by: SyntaxError') as string,
        },
      },
    ])
    // What callers do wrong is theirs to read, and not in the log.
    const before = api.logs.length
    await api.refusal('query', 'job.get', { jobId: 'nonsense' })
    expect(api.logs.length).toBe(before)
  })

  it('gives errors one form on every route', async () => {
    const wire = {
      hint: expect.any(String) as string,
      retryable: expect.any(Boolean) as boolean,
      requestId: expect.any(String) as string,
      issues: expect.any(Array) as unknown[],
    }
    const plain = await get('/nowhere?secret=1')
    expect([plain.status, await plain.json()]).toEqual([
      404,
      { ...wire, code: 'NOT_FOUND', status: 404, message: 'There is nothing at GET /nowhere' },
    ])
    const undecodable = await get('/v1/models/%ff/model.json')
    expect([undecodable.status, await undecodable.json()]).toEqual([
      400,
      { ...wire, code: 'BAD_INPUT', status: 400, message: expect.any(String) as string },
    ])
    const post = (path: string, init: RequestInit = {}) =>
      get(path, {
        method: 'POST',
        headers: { authorization: authorization(), 'content-type': 'application/json' },
        ...init,
      })
    const cases: [response: Response, status: number, code: string][] = [
      [await get('/trpc/job.vanish', { headers: { authorization: authorization() } }), 404, 'NOT_FOUND'],
      [await get('/trpc/job.submit', { headers: { authorization: authorization() } }), 400, 'BAD_INPUT'],
      [await post('/trpc/job.submit', { body: '{ not json' }), 400, 'BAD_INPUT'],
      [await post('/trpc/job.submit', { body: `"${'x'.repeat(2 * 2 ** 20)}"` }), 413, 'LIMIT_REACHED'],
      [
        await post('/trpc/job.submit', { body: '<x/>', headers: { 'content-type': 'application/xml' } }),
        415,
        'BAD_INPUT',
      ],
      [
        await get(`/trpc/${Array(21).fill('system.info').join()}?batch=1&input={}`, {
          headers: { authorization: authorization() },
        }),
        400,
        'BAD_INPUT',
      ],
      [
        await get('/trpc/system.info?input=%7Bbroken', { headers: { authorization: authorization() } }),
        400,
        'BAD_INPUT',
      ],
    ]
    for (const [response, status, code] of cases) {
      const { error } = (await response.json()) as { error: { data: { imclr: object } } }
      expect([response.url.slice(0, 60), response.status, error.data.imclr]).toEqual([
        response.url.slice(0, 60),
        status,
        { ...wire, code, status: expect.any(Number) as number, message: expect.any(String) as string },
      ])
      expect(JSON.stringify(error)).not.toContain('stack')
    }
    const client = createTRPCClient<AppRouter>({
      links: [httpBatchStreamLink({ url: `${api.url}/trpc`, headers: { authorization: authorization() } })],
    })
    const answers = await Promise.allSettled([
      client.system.info.query(),
      client.job.get.query({ jobId: 'job_aaaaaaaaaaaaaaaaaaaa' }),
      client.project.current.query(),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(answers[1]).toMatchObject({ reason: { data: { httpStatus: 404, imclr: { ...wire, code: 'NOT_FOUND' } } } })
  })

  it('protects what browsers get with headers', async () => {
    const { headers } = await get('/healthz')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(headers.get('x-powered-by')).toBeNull()
  })

  it('exports metrics', async () => {
    await api.mutate('dataset.createUpload', { datasetName: 'x', fileName: 'x.zip', bytes: 5 })
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toMatch(/^imclr_jobs\{kind="prepare",state="succeeded"\} 1$/m)
    expect(metrics).toMatch(/^imclr_uploads\{state="open"\} 1$/m)
    expect(metrics).toMatch(/^imclr_event_streams 0$/m)
    expect(metrics).toMatch(
      /imclr_http_request_duration_seconds_count\{method="POST",route="\/trpc\/dataset.createUpload",status="200"\} \d/,
    )
    expect(metrics).not.toContain('vanish')
  })

  it('serves signed objects to whoever has the URL, until it expires', async () => {
    const { versionId, manifest } = await makeVersion(api, { content: 'seen' })
    const { url } = await api.query<{ url: string }>('dataset.contactSheetUrl', { versionId })
    const [whole, part, head] = [
      await fetch(url),
      await fetch(url, { headers: { range: 'bytes=2-8' } }),
      await fetch(url, { method: 'HEAD' }),
    ]
    expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
      200,
      'image/png',
      'a picture of seen',
    ])
    expect([part.status, await part.text(), head.headers.get('content-length')]).toEqual([
      206,
      'picture',
      String(manifest.contactSheet.bytes),
    ])
    expect(whole.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    const refused = async (changed: string) => {
      const response = await fetch(changed)
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    expect(await refused(url.replace('contact-sheet.png', 'manifest.json'))).toEqual([403, 'URL_REJECTED'])
    expect(await refused(url.replace(/expires=\d+/, 'expires=9999999999'))).toEqual([403, 'URL_REJECTED'])
    expect(await refused(url.split('?')[0]!)).toEqual([403, 'URL_REJECTED'])
    api.later(901)
    expect(await refused(url)).toEqual([403, 'URL_REJECTED'])
  })

  // Last: it breaks the store.
  it('is ready while everything it needs answers, and names what does not', async () => {
    const ready = await get('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', parts: { database: 'ok', store: 'ok', queue: 'ok' } },
    ])
    await rm(join(api.folder, 'objects'), { recursive: true })
    await writeFile(join(api.folder, 'objects'), 'no folder')
    const broken = await get('/readyz')
    expect([broken.status, await broken.json()]).toEqual([
      503,
      {
        status: 'not ready',
        parts: { database: 'ok', store: expect.stringMatching(/^[A-Z_]+$/) as string, queue: 'ok' },
      },
    ])
    expect((await get('/healthz')).status).toBe(200)
  })
})

describe.skipIf(!stacks.includes('servers'))('the service on servers', () => {
  it('says that it is unavailable while the database is away, without details', async () => {
    await using api = await startTestApi({ stack: 'servers' })
    await api.query('system.info')
    await api.loseDatabase()
    const wire = await api.refusal('query', 'system.info')
    expect(wire).toMatchObject({
      code: 'UNAVAILABLE',
      status: 503,
      retryable: true,
      message: 'The database does not answer',
    })
    const ready = await fetch(`${api.url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not ready', parts: { database: 'UNAVAILABLE', store: 'ok', queue: 'ok' } },
    ])
    expect(api.logs.filter(({ requestId }) => requestId === wire.requestId)).toHaveLength(1)
  })
})
