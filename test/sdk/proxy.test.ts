/** The SDK with the real service behind a real proxy. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, ImclrError } from '@imclr/sdk'
import { freePort, makeFolder, nginx, requirePart } from '../support/parts.js'
import { standalone, type RunningService } from '../support/runService.js'
import { smallArchive } from '../support/smallArchive.js'

/** The proxy's settings as docs/operating.md gives them. */
const right = [
  'client_max_body_size 16m;',
  'proxy_request_buffering off;',
  'proxy_set_header X-Forwarded-Host $http_host;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
  'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
]

const failed = async (promise: Promise<unknown>): Promise<ImclrError> => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof ImclrError) return error
  throw error
}

describe.skipIf(!requirePart('nginx'))('behind nginx', { timeout: 180_000 }, () => {
  let service: RunningService
  let folder: string
  let archive: string
  beforeAll(async () => {
    service = await standalone({ env: { TRUST_PROXY: 'true' } })
    folder = makeFolder('proxied')
    archive = join(folder, 'shapes.zip')
    await smallArchive(archive)
  }, 120_000)
  afterAll(() => service[Symbol.asyncDispose]())

  it("uploads, follows events as they come, and loads models from the proxy's address", async () => {
    await using proxy = await nginx(service.url, right)
    const sdk = createClient({ url: proxy.url, apiKey: service.apiKey })
    const dataset = await sdk.datasets.upload(archive)
    const job = await sdk.train(dataset, {
      network: 'resnet8',
      epochs: 2,
      batchSize: 48,
      evaluation: { corruptionImages: 'none' },
    })
    const states: string[] = []
    for await (const { event } of job.events()) {
      if (event.type === 'progress' || event.type === 'epoch')
        states.push((await sdk.api.job.get({ jobId: job.id })).state)
    }
    // If the proxy buffered the stream, nothing would have come before the end.
    expect(states[0]).not.toBe('succeeded')
    const model = await job.result()
    const { url } = await sdk.api.model.url({ modelId: model.id })
    expect(new URL(url).origin).toBe(proxy.url)
    expect(new URL(await sdk.datasets.previewCorruptions(dataset)).origin).toBe(proxy.url)
    const net = await sdk.models.load(model)
    expect(net.labels).toEqual(dataset.classes)
    net.dispose()
  })

  it('says that it was the proxy that refused a large part, or that cannot reach the service', async () => {
    await using small = await nginx(service.url, ['client_max_body_size 1k;', ...right.slice(1)])
    const refused = await failed(
      createClient({ url: small.url, apiKey: service.apiKey }).datasets.upload(archive, { name: 'too large' }),
    )
    expect(refused).toMatchObject({
      code: 'PROXY_ANSWERED',
      status: 413,
      hint: expect.stringContaining('client_max_body_size') as string,
    })
    expect(refused.message).toBe(
      `A proxy in front of the service, at ${small.url}, answered 413: the request is larger than its limit for bodies (a part of an upload has 8 MiB, another request up to 2 MiB).`,
    )

    await using lost = await nginx(`http://127.0.0.1:${await freePort()}`, right)
    const away = createClient({ url: lost.url, apiKey: service.apiKey, retries: 0 })
    const message = `A proxy in front of the service, at ${lost.url}, answered 502: it cannot reach the service behind it.`
    expect(await failed(away.api.job.list({}))).toMatchObject({ code: 'PROXY_ANSWERED', message, retryable: true })
    expect(await failed(away.models.report(`mod_${'a'.repeat(20)}`))).toMatchObject({ code: 'PROXY_ANSWERED', message })
  })
})

describe('addresses that the service gives out', { timeout: 180_000 }, () => {
  const partUrl = async (
    service: RunningService,
    headers: Record<string, string>,
    url = service.url,
  ): Promise<string> => {
    const call = async (path: string, input: unknown) => {
      const answer = await fetch(`${url}/trpc/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.apiKey}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      })
      return ((await answer.json()) as { result: { data: unknown } }).result.data
    }
    const { id } = (await call('dataset.createUpload', { datasetName: 'addressed', fileName: 'a.zip', bytes: 3 })) as {
      id: string
    }
    const { parts } = (await call('dataset.signParts', {
      uploadId: id,
      parts: [{ partNumber: 1, sha256: randomBytes(32).toString('base64') }],
    })) as { parts: { url: string }[] }
    return new URL(parts[0]!.url).origin
  }
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }

  it('use the address of the request if no proxy is trusted, whatever its headers say', async () => {
    await using service = await standalone()
    const { port } = new URL(service.url)
    expect(await partUrl(service, forwarded)).toBe(service.url)
    expect(await partUrl(service, {}, `http://localhost:${port}`)).toBe(`http://localhost:${port}`)
  })

  it('use the name that a trusted proxy gives, and PUBLIC_URL before everything else', async () => {
    await using trusting = await standalone({ env: { TRUST_PROXY: '127.0.0.0/8' } })
    expect(await partUrl(trusting, forwarded)).toBe('https://evil.example')
    await using elsewhere = await standalone({ env: { TRUST_PROXY: '10.0.0.0/8' } })
    expect(await partUrl(elsewhere, forwarded)).toBe(elsewhere.url)
    await using named = await standalone({ env: { TRUST_PROXY: '1', PUBLIC_URL: 'https://imclr.example/' } })
    expect(await partUrl(named, forwarded)).toBe('https://imclr.example')
  })

  it('that cannot be reached are named in the error, with the setting', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`
    await using service = await standalone({ env: { PUBLIC_URL: gone } })
    const archive = join(makeFolder('unreachable'), 'shapes.zip')
    await smallArchive(archive, { perClass: 12 })
    const sdk = createClient({ url: service.url, apiKey: service.apiKey, retries: 0 })
    expect(await failed(sdk.datasets.upload(archive))).toMatchObject({
      code: 'UPLOAD_BROKEN',
      message: expect.stringContaining(`could not be sent to ${gone}: `) as string,
      hint: expect.stringContaining('PUBLIC_URL') as string,
    })
  })
})
