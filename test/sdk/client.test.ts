/** The SDK's verbs on the real service, with a good connection and with one that breaks. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failures } from '@imclr/contract'
import {
  AuthenticationError,
  BadInputError,
  ConnectionError,
  createClient,
  IntegrityError,
  NotFoundError,
  PrepareFailedError,
  TrainingCanceledError,
  WaitTimeoutError,
  type Client,
  type Dataset,
  type Model,
  type UploadProgress,
} from '@imclr/sdk'
import { decodePicture } from '../../sdk/src/models/decodePicture.js'
import { flakyProxy } from '../support/flakyProxy.js'
import { makeFolder } from '../support/parts.js'
import { noise, pngOf } from '../support/png.js'
import { standalone, type RunningService } from '../support/runService.js'
import { smallArchive } from '../support/smallArchive.js'

let service: RunningService
let sdk: Client
let dataset: Dataset
let model: Model
const folder = makeFolder('sdk')
const archive = join(folder, 'shapes.zip')

beforeAll(async () => {
  service = await standalone()
  sdk = createClient(service)
  await smallArchive(archive)
  dataset = await sdk.datasets.upload(archive)
  model = await (
    await sdk.train(dataset, { network: 'resnet8', epochs: 2, batchSize: 48, evaluation: { corruptionImages: 'none' } })
  ).result()
}, 240_000)
afterAll(() => service[Symbol.asyncDispose]())

describe('a model on another version', () => {
  it('is evaluated in a job of its own; its report and files can be read again later', async () => {
    const job = await sdk.evaluate(model, dataset, {
      name: 'again',
      corruptionImages: 10,
      perturbationImages: 10,
      referenceModelId: model.id,
    })
    expect(job.options).toMatchObject({ corruptionImages: 10, perturbationImages: 10, seed: 1 })
    const found = await job.result()
    expect(found).toMatchObject({
      jobId: job.id,
      modelId: model.id,
      versionId: dataset.versionId,
      accuracy: model.report.clean.accuracy,
    })
    expect(found.report.corruption!.reference).toMatchObject({ modelId: model.id, samePictures: true })
    expect(found.report.perturbation!.perturbations).toHaveLength(14)
    const paths = await found.download(join(folder, 'evaluation'))
    expect(paths.map((path) => path.split('/').at(-1))).toEqual(['report.json', 'report.html', 'predictions.bin'])
    expect(JSON.parse(readFileSync(paths[0]!, 'utf8'))).toEqual(found.report)
    const again = await sdk.evaluations.get(job.id)
    expect(again.report).toEqual(found.report)
    expect(await job.refresh()).toMatchObject({ state: 'succeeded', kind: 'evaluate' })
    // The same model on the same images, once with corruptions and once without: there is no difference, and nothing to
    // compare under corruption.
    const plain = await (await sdk.evaluate(model, dataset, { corruptionImages: 'none' })).result()
    expect(await sdk.evaluations.compare(found, plain)).toMatchObject({
      a: { jobId: found.jobId, accuracy: found.accuracy },
      b: { jobId: plain.jobId, meanCorruptionError: null },
      clean: {
        images: dataset.counts.test,
        first: model.report.clean.accuracy,
        difference: 0,
        mcnemar: { onlyFirst: 0, onlySecond: 0 },
      },
      corruption: null,
    })
    await expect(sdk.evaluations.compare(found, model.jobId)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is no evaluation') as string,
    })
  }, 240_000)

  it('is refused if the classes differ; the error has both lists', async () => {
    const other = join(folder, 'other-classes')
    const { default: sharp } = await import('sharp')
    for (const name of ['hot', 'cold']) {
      mkdirSync(join(other, name), { recursive: true })
      for (let index = 0; index < 5; index++)
        writeFileSync(
          join(other, name, `${index}.png`),
          await sharp({
            create: {
              width: 16,
              height: 16,
              channels: 3,
              background: { r: index * 20, g: name === 'hot' ? 0 : 200, b: 9 },
            },
          })
            .png()
            .toBuffer(),
        )
    }
    const elsewhere = await sdk.datasets.upload(other)
    const refused: unknown = await sdk.evaluate(model, elsewhere).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInputError)
    expect((refused as BadInputError).issues[0]!.message).toMatch(/"across".*; the version has "cold", "hot"/)
  }, 120_000)

  it('shows a preview of its corruptions before any training', async () => {
    const bytes = new Uint8Array(await (await fetch(await sdk.datasets.previewCorruptions(dataset))).arrayBuffer())
    const { default: sharp } = await import('sharp')
    const { format, width, height } = await sharp(bytes).metadata()
    expect([format, width > 900, height > 1200]).toEqual(['png', true, true])
  })
})

describe('uploading', () => {
  it('gives the same version for the same content, as an archive or as a folder', async () => {
    const root = join(folder, 'as-folder')
    const { default: sharp } = await import('sharp')
    for (const name of ['a', 'b']) {
      mkdirSync(join(root, name), { recursive: true })
      for (let index = 0; index < 10; index++)
        writeFileSync(
          join(root, name, `${index}.png`),
          await sharp({
            create: {
              width: 16,
              height: 16,
              channels: 3,
              background: { r: index * 20, g: name === 'a' ? 0 : 200, b: 9 },
            },
          })
            .png()
            .toBuffer(),
        )
    }
    writeFileSync(join(root, '.DS_Store'), 'x')
    const first = await sdk.datasets.upload(root, { name: 'folder' })
    const second = await sdk.datasets.upload(root, { name: 'folder again' })
    expect(second.versionId).toBe(first.versionId)
    expect(first.counts).toEqual({ train: 16, validation: 0, test: 4, unlabelled: 0 })
    expect(first.classes).toEqual(['a', 'b'])
  })

  it('continues where it was cut off: parts that arrived are not sent again', async () => {
    // 20 MB in parts of 8: a tar of one large file that is no image, since only the transfer matters here.
    const big = join(folder, 'big.bin')
    writeFileSync(big, Buffer.alloc(20_000_000, 7))
    let broken = true
    await using proxy = await flakyProxy(service.url, (request) =>
      broken && request.method === 'PUT' && /part/.test(request.url!) && putsOf(proxy.seen) > 1
        ? { cutAfterBytes: 0 }
        : 'pass',
    )
    // Signed URLs name the service itself; the client goes through the proxy for them too.
    const through = createClient({
      ...service,
      url: proxy.url,
      retries: 0,
      fetch: (input, init) => fetch(String(input).replace(service.url, proxy.url), init),
    })
    const stop = new AbortController()
    const first = through.datasets.upload(big, {
      name: 'big',
      signal: stop.signal,
      onProgress: (progress: UploadProgress) => {
        if (progress.phase === 'uploading') setImmediate(() => stop.abort())
      },
    })
    await expect(first).rejects.toThrow()
    const before = putsOf(proxy.seen)
    broken = false
    await expect(through.datasets.upload(big, { name: 'big' })).rejects.toThrow(PrepareFailedError)
    const sentAgain = putsOf(proxy.seen) - before
    expect(before).toBeGreaterThanOrEqual(1)
    expect(sentAgain, 'of three parts, at least one had arrived').toBeLessThan(3)
  }, 60_000)

  it('continues an upload of content that was uploaded before', async () => {
    const twice = join(folder, 'twice.bin')
    writeFileSync(twice, Buffer.alloc(20_000_000, 3))
    await expect(sdk.datasets.upload(twice)).rejects.toThrow(PrepareFailedError)
    let stopped = false
    await using proxy = await flakyProxy(service.url, (request) =>
      stopped && /completeUpload/.test(request.url!) ? { cutAfterBytes: 0 } : 'pass',
    )
    const through = createClient({
      ...service,
      url: proxy.url,
      retries: 0,
      fetch: (input, init) => fetch(String(input).replace(service.url, proxy.url), init),
    })
    stopped = true
    await expect(through.datasets.upload(twice)).rejects.toThrow(ConnectionError)
    expect(putsOf(proxy.seen)).toBe(3)
    stopped = false
    await expect(through.datasets.upload(twice)).rejects.toThrow(PrepareFailedError)
    expect(putsOf(proxy.seen), 'all parts had arrived').toBe(3)
  }, 60_000)

  it('shares an upload with a parallel call, and starts another one if that call was faster', async () => {
    const archive = new Blob([readFileSync(join(folder, 'shapes.zip'))])
    let closed = false
    // A second call completes the upload just before this one sends its part.
    const overtaken: typeof fetch = async (input, init) => {
      if (!closed && init?.method === 'PUT') {
        closed = true
        await sdk.datasets.upload(archive, { name: 'twins' })
      }
      return fetch(input, init)
    }
    const late = await createClient({ ...service, fetch: overtaken }).datasets.upload(archive, { name: 'twins' })
    expect(closed).toBe(true)
    expect(late.versionId).toBe(dataset.versionId)
  }, 60_000)

  it('gives a part on a slow line more time than other requests', async () => {
    const timeoutMs = 50
    // The other requests run without a limit, so that the one of the parts can be short.
    const slowly: typeof fetch = async (input, init) => {
      if (init?.method !== 'PUT') return fetch(input, { ...init, signal: null })
      await new Promise((resolve) => {
        setTimeout(resolve, 4 * timeoutMs)
      })
      init.signal?.throwIfAborted()
      return fetch(input, init)
    }
    const slow = createClient({ ...service, fetch: slowly, timeoutMs, retries: 0 })
    const phases: string[] = []
    const counted = await slow.datasets.upload(archive, {
      name: 'slow',
      onProgress: ({ phase }) => {
        phases.push(phase)
      },
    })
    expect([counted.versionId, phases.slice(0, 3)]).toEqual([dataset.versionId, ['uploading', 'waiting', 'preparing']])
  }, 60_000)

  it('names every bad file with its fix in one error', async () => {
    const root = join(folder, 'bad')
    for (const name of ['a', 'b']) mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, 'a', 'broken.png'), readFileSync(archive).subarray(0, 50))
    writeFileSync(join(root, 'b', 'notes.png'), 'no picture')
    const refused = await sdk.datasets
      .upload(root, { name: 'bad' })
      .catch((error: unknown) => error as PrepareFailedError)
    expect(refused).toBeInstanceOf(PrepareFailedError)
    expect((refused as PrepareFailedError).issues.map(({ path }) => path)).toEqual(
      expect.arrayContaining([expect.stringContaining('broken.png'), expect.stringContaining('notes.png')]),
    )
    for (const issue of (refused as PrepareFailedError).issues) expect(issue.fix, issue.path).toBeTruthy()
  })

  it('adds to a refusal the notes of the SDK and of the service', async () => {
    const root = join(folder, 'papers')
    for (const name of ['cat', 'dog']) mkdirSync(join(root, name), { recursive: true })
    for (let i = 0; i < 3; i++)
      writeFileSync(join(root, 'cat', `${i}.png`), pngOf(noise(900 + i, 300), { height: 10, width: 10 }))
    for (let i = 0; i < 2; i++) writeFileSync(join(root, 'dog', `${i}.txt`), 'words')
    writeFileSync(join(folder, 'outside.png'), 'no matter')
    symlinkSync(join(folder, 'outside.png'), join(root, 'cat', 'linked.png'))
    const refused = await sdk.datasets
      .upload(root, { name: 'papers' })
      .catch((error: unknown) => error as PrepareFailedError)
    expect(refused).toBeInstanceOf(PrepareFailedError)
    expect((refused as PrepareFailedError).notes.map(({ code, count }) => [code, count])).toEqual(
      expect.arrayContaining([
        ['IGNORED_DOCUMENT', 2],
        ['LINK_NOT_FOLLOWED', 1],
      ]),
    )
  })
})

const putsOf = (seen: string[]): number => seen.filter((line) => line.startsWith('PUT ')).length

describe('following a job', () => {
  it('loses no event and repeats none on a connection that breaks every few kilobytes', async () => {
    let streams = 0
    await using proxy = await flakyProxy(service.url, (request) =>
      request.url!.startsWith('/trpc/job.events') && streams++ < 6 ? { cutAfterBytes: 700 * streams } : 'pass',
    )
    const job = await createClient({ ...service, url: proxy.url }).jobs.get(model.jobId)
    const numbers: number[] = []
    for await (const { number } of job.events()) numbers.push(number)
    const { lastEvent } = await job.refresh()
    expect(numbers).toEqual(Array.from({ length: lastEvent }, (_, index) => index + 1))
    expect(streams).toBeGreaterThan(2)
  })

  it('ends only the wait, not the job, at the time limit; cancels on request', async () => {
    const job = await sdk.train(dataset, {
      network: 'resnet20',
      epochs: 5000,
      batchSize: 48,
      evaluation: { corruptionImages: 'none' },
    })
    await expect(job.result({ timeoutMs: 300 })).rejects.toThrow(WaitTimeoutError)
    expect(['queued', 'starting', 'running']).toContain((await job.refresh()).state)
    await job.cancel('now')
    await expect(job.result()).rejects.toThrow(TrainingCanceledError)
    expect((await job.refresh()).state).toBe('canceled')
  })

  it('submits once under one idempotency key, and returns the complete spec', async () => {
    const call = { idempotencyKey: 'sdk-test-submit-once' }
    const spec = { network: 'resnet8', epochs: 1, batchSize: 48, evaluation: { corruptionImages: 'none' } } as const
    const [first, second] = [await sdk.train(dataset, spec, call), await sdk.train(dataset, spec, call)]
    expect(second.id).toBe(first.id)
    expect(first).toMatchObject({
      spec: { ...spec, mode: 'imclr', learningRate: 0.1, limits: { maxSeconds: 86_400, maxAttempts: 5 } },
      estimate: { seconds: expect.any(Number) as number, basis: 'measured' },
    })
    const model = await first.result()
    expect(await sdk.models.report(model)).toEqual(model.report)
  })
})

describe('a model', () => {
  it('prepares a picture for prediction by the rule of its data set', async () => {
    const kept = await model.download(join(folder, 'model'))
    const golden = JSON.parse(readFileSync(join(folder, 'model', 'golden.json'), 'utf8')) as {
      cases: { original: string; pixels: string; probabilities: number[] }[]
    }
    const net = await sdk.models.load(model)
    for (const { original, pixels, probabilities } of golden.cases) {
      const file = join(folder, 'model', original)
      expect(kept).toContain(file)
      expect(
        Buffer.from(await decodePicture(file, model.picture)).equals(Buffer.from(pixels, 'base64')),
        original,
      ).toBe(true)
      const answer = await net.predict(file)
      expect(
        Math.max(...answer.probabilities.map((value, index) => Math.abs(value - probabilities[index]!))),
      ).toBeLessThan(1e-3)
      expect(answer.label).toBe(net.labels[probabilities.indexOf(Math.max(...probabilities))])
    }
    net.dispose()
  })

  it('is not returned if it does not reproduce its golden outputs', async () => {
    const untrue: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!String(input).includes('golden.json')) return answer
      const golden = (await answer.json()) as { cases: { probabilities: number[] }[] }
      golden.cases[3]!.probabilities = golden.cases[3]!.probabilities.map(
        (value, index) => value + (index === 0 ? 0.01 : 0),
      )
      return new Response(JSON.stringify(golden))
    }
    await expect(createClient({ ...service, fetch: untrue }).models.load(model)).rejects.toThrow(IntegrityError)
  })

  it('is downloaded completely or not at all, and not twice', async () => {
    let fetched = 0
    const counting: typeof fetch = (input, init) => {
      if (String(input).includes('/v1/models/')) fetched++
      return fetch(input, init)
    }
    const client = createClient({ ...service, fetch: counting })
    const target = join(folder, 'twice')
    await client.models.download(model, target)
    writeFileSync(join(target, 'labels.json'), 'altered')
    fetched = 0
    await client.models.download(model, target)
    expect(fetched, 'the report, which comes with the model, and the altered file').toBe(2)
    expect(JSON.parse(readFileSync(join(target, 'labels.json'), 'utf8'))).toMatchObject({ classes: model.classes })
  })
})

describe('errors', () => {
  it('have classes, codes and the id of their request', async () => {
    await expect(createClient({ url: service.url, apiKey: 'imclr_wrong' }).api.job.list()).rejects.toThrow(
      AuthenticationError,
    )
    const missing = await sdk.models.get('mdl_aaaaaaaaaaaaaaaaaaaa').catch((error: unknown) => error as NotFoundError)
    expect(missing).toBeInstanceOf(NotFoundError)
    expect(missing).toMatchObject({ code: 'NOT_FOUND', status: 404, retryable: false, requestId: expect.any(String) })
    const wrong = await sdk.train(dataset, { epochs: -1 }).catch((error: unknown) => error as BadInputError)
    expect(wrong).toBeInstanceOf(BadInputError)
    expect((wrong as BadInputError).issues.map(({ path }) => path)).toContain('spec.epochs')
    await expect(
      createClient({ url: 'http://127.0.0.1:9', apiKey: 'imclr_x', retries: 0 }).api.job.list(),
    ).rejects.toThrow(ConnectionError)
    const { secret } = await sdk.api.key.create({ name: 'reader', scopes: ['read'] })
    await expect(createClient({ ...service, apiKey: secret }).train(dataset)).rejects.toMatchObject({
      name: 'PermissionError',
      code: 'FORBIDDEN',
      status: 403,
    })
    await expect(sdk.api.dataset.deleteVersion({ versionId: dataset.versionId })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'IN_USE',
      issues: expect.arrayContaining([expect.objectContaining({ path: model.id })]) as unknown[],
    })
  })

  it('come before any request where an address or a key cannot be sent, and never hold the key', async () => {
    let requests = 0
    const counting: typeof fetch = (...args) => {
      requests++
      return fetch(...args)
    }
    const refused = (options: { url: string; apiKey: string }) =>
      createClient({ ...options, fetch: counting })
        .api.job.list()
        .then(String, (error: unknown) => error as ConnectionError)
    for (const url of ['127.0.0.1:4700', 'localhost:4700', 'ftp://127.0.0.1', 'not a url'])
      expect(await refused({ url, apiKey: 'imclr_x' })).toMatchObject({ name: 'ConnectionError', code: 'BAD_URL' })
    const twoLines = await refused({ url: service.url, apiKey: 'imclr_secret\nimclr_other' })
    expect(twoLines).toMatchObject({ name: 'AuthenticationError', code: 'BAD_API_KEY' })
    expect(String((twoLines as Error).stack)).not.toContain('secret')
    expect(requests).toBe(0)
    expect(await createClient({ url: service.url, apiKey: `${service.apiKey}\n` }).api.job.list()).toHaveProperty(
      'items',
    )
  })

  it('have one class for each failure of the service', async () => {
    const classOf: Record<number, string> = {
      400: 'BadInputError',
      401: 'AuthenticationError',
      403: 'PermissionError',
      404: 'NotFoundError',
      409: 'ConflictError',
      410: 'ConflictError',
      413: 'BadInputError',
      422: 'BadInputError',
      429: 'RateLimitError',
      500: 'ServiceError',
      503: 'ServiceError',
      507: 'ServiceError',
    }
    for (const [code, { http, hint, retryable }] of Object.entries(failures)) {
      const wire = { code, message: 'm', hint, retryable, status: http, requestId: 'request-1', issues: [] }
      const failing: typeof fetch = async () =>
        new Response(
          JSON.stringify({ error: { message: 'm', code: -32603, data: { code: 'X', httpStatus: http, imclr: wire } } }),
          { status: http, headers: { 'content-type': 'application/json' } },
        )
      await expect(createClient({ ...service, fetch: failing, retries: 0 }).api.job.list()).rejects.toMatchObject({
        ...wire,
        name: classOf[http],
      })
    }
  })

  it('are the same if a stream breaks off', async () => {
    await using proxy = await flakyProxy(service.url, () => ({ cutAfterBytes: 600 }))
    const stream = await createClient({ ...service, url: proxy.url, retries: 0 }).api.job.events({
      jobId: (await sdk.models.get(model.id)).jobId,
      after: 0,
      follow: true,
    })
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toThrow(ConnectionError)
  })

  it('do not arise from a deletion whose answer was lost: the request is repeated with the same key', async () => {
    const { id: datasetId } = await sdk.datasets.upload(archive, { name: 'not for long' })
    let lost = 0
    const losing: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!String(input).includes('dataset.delete') || lost++ > 0) return answer
      expect(await answer.text()).toContain(datasetId)
      throw new TypeError('terminated')
    }
    expect(await createClient({ ...service, fetch: losing }).api.dataset.delete({ datasetId })).toEqual({ datasetId })
    expect(lost).toBe(2)
    await expect(sdk.api.dataset.delete({ datasetId })).rejects.toThrow(NotFoundError)
  })

  it('do not arise from an answer that broke off in the middle: the request is repeated', async () => {
    let cuts = 2
    await using proxy = await flakyProxy(service.url, () => (cuts-- > 0 ? { cutAfterBytes: 5 } : 'pass'))
    const { items } = await createClient({ ...service, url: proxy.url }).api.dataset.list()
    expect(items.map(({ id }) => id)).toContain(dataset.id)
    expect(proxy.seen).toHaveLength(3)
  })

  it('do not arise from a download that broke off in the middle, nor from a slow one', async () => {
    const cut = new Set<string>()
    await using proxy = await flakyProxy(service.url, ({ url }) =>
      /\/v1\/models\/.*(report.json|bin)$/.test(url!) && !cut.has(url!)
        ? (cut.add(url!), { cutAfterBytes: 2000 })
        : 'pass',
    )
    const there = await createClient({ ...service, url: proxy.url }).models.get(model.id)
    expect(there.report).toEqual(model.report)
    await there.download(join(folder, 'cut'))
    expect(cut.size, 'the report and the weights at least').toBeGreaterThanOrEqual(2)
    for (const { path } of model.files)
      expect([path, readFileSync(join(folder, 'cut', path)).equals(readFileSync(join(folder, 'twice', path)))]).toEqual(
        [path, true],
      )

    // Eight pieces, one at a time, take a second; the limit of one try is half a second.
    const slow: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!String(input).endsWith('report.json')) return answer
      const bytes = new Uint8Array(await answer.arrayBuffer())
      let at = 0
      const step = Math.ceil(bytes.length / 8)
      return new Response(
        new ReadableStream<Uint8Array>({
          pull: (controller) =>
            new Promise<void>((resolve) =>
              setTimeout(() => {
                controller.enqueue(bytes.slice(at, (at += step)))
                if (at >= bytes.length) controller.close()
                resolve()
              }, 125),
            ),
        }),
        answer,
      )
    }
    expect(
      (await createClient({ ...service, fetch: slow, timeoutMs: 500, retries: 0 }).models.get(model.id)).report,
    ).toEqual(model.report)
  })

  it('arise only after retries, where these are safe, and at the time that the service gives', async () => {
    let failures = 3
    await using proxy = await flakyProxy(service.url, () =>
      failures-- > 0 ? { status: 503, headers: { 'retry-after': '0' } } : 'pass',
    )
    const { items } = await createClient({ ...service, url: proxy.url }).api.dataset.list()
    expect(items.length).toBeGreaterThan(0)
    expect(proxy.seen).toHaveLength(4)
  })
})
