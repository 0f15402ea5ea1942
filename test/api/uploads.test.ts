import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { PrepareJob, Upload } from '@imclr/contract'
import { sweep } from '@imclr/api'
import { keys } from '@imclr/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cut, makeVersion, sendParts, uploadArchive } from './makeThings.js'
import { until } from '../support/eventually.js'
import { stacks, startTestApi, type TestApi } from './testApi.js'

const mebibyte = 2 ** 20
type Completed = { datasetId: string; job: PrepareJob }
type Signed = { parts: { partNumber: number; url: string; headers: Record<string, string> }[]; expiresAt: string }

describe.each(stacks)('uploads on %s', (stack) => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi({ stack, config: { partBytes: 5 * mebibyte } })
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })

  const bytes = randomBytes(11 * mebibyte + 17)
  const begin = () =>
    api.mutate<Upload>('dataset.createUpload', {
      datasetName: 'big',
      fileName: '../weird näme.zip',
      bytes: bytes.length,
    })
  const complete = (uploadId: string, parts: ReturnType<typeof cut>, options = {}) =>
    api.mutate<Completed>('dataset.completeUpload', { uploadId, parts: parts.map(({ part }) => part), ...options })

  it('continue where they were interrupted, and become one object and one prepare job', async () => {
    const upload = await begin()
    expect(upload).toMatchObject({ state: 'open', partBytes: 5 * mebibyte, partCount: 3, bytes: bytes.length })
    const parts = cut(bytes, upload)
    await sendParts(api, upload.id, [parts[0]!, parts[2]!])

    // The part in the middle was dropped: completing says so and changes nothing.
    const refused = await api.refusal('mutation', 'dataset.completeUpload', {
      uploadId: upload.id,
      parts: parts.map(({ part }) => part),
    })
    expect(refused).toMatchObject({ code: 'UPLOAD_INCOMPLETE', issues: [{ path: 'parts.2', code: 'missing' }] })
    expect(
      (await api.query<{ items: { name: string }[] }>('dataset.list')).items.map(({ name }) => name),
    ).not.toContain('big')

    const { parts: there } = await api.query<{ parts: { partNumber: number; bytes: number; sha256: string | null }[] }>(
      'dataset.listParts',
      { uploadId: upload.id },
    )
    expect(there.map(({ partNumber }) => partNumber)).toEqual([1, 3])
    expect(there.map((part) => part.bytes)).toEqual([5 * mebibyte, mebibyte + 17])
    await sendParts(
      api,
      upload.id,
      parts.filter(({ part }) => !there.some((one) => one.partNumber === part.partNumber)),
    )

    const { datasetId, job } = await complete(upload.id, parts, { options: { imageSize: 32 } })
    expect(job).toMatchObject({
      kind: 'prepare',
      state: 'queued',
      datasetId,
      uploadId: upload.id,
      options: { imageSize: 32, fit: 'crop' },
      lastEvent: 1,
    })
    expect(job.queuePosition).toBeGreaterThan(0)
    // A quarter of an hour, a minute for each of 11 MiB, and the 17 bytes
    expect(job.limits).toEqual({ maxSeconds: 900 + 60 * 11 + 1, maxAttempts: 5 })
    expect(await api.query('dataset.get', { datasetId })).toMatchObject({
      name: 'big',
      latestVersionId: null,
      preparingJobId: job.id,
    })
    expect(await api.query('dataset.getUpload', { uploadId: upload.id })).toMatchObject({ state: 'completed' })
    const key = keys.upload(job.projectId, upload.id, '../weird näme.zip')
    expect(Buffer.compare(Buffer.from(await api.dependencies.store.read(key)), bytes)).toBe(0)

    // Again: the same answer; with other options it would be another one.
    expect((await complete(upload.id, parts, { options: { imageSize: 32 } })).job.id).toBe(job.id)
    expect(
      await api.refusal('mutation', 'dataset.completeUpload', {
        uploadId: upload.id,
        parts: parts.map(({ part }) => part),
        options: { imageSize: 64 },
      }),
    ).toMatchObject({ code: 'CONFLICT' })
    expect(await api.refusal('mutation', 'dataset.abortUpload', { uploadId: upload.id })).toMatchObject({
      code: 'CONFLICT',
    })
    expect(await api.refusal('query', 'dataset.listParts', { uploadId: upload.id })).toMatchObject({ code: 'CONFLICT' })
  })

  it('become one job where two requests complete them at the same time', async () => {
    const upload = await begin()
    const parts = cut(bytes, upload)
    await sendParts(api, upload.id, parts)
    const answers = await Promise.all([
      complete(upload.id, parts),
      complete(upload.id, parts),
      complete(upload.id, parts),
    ])
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1)
  })

  it('refuse a part with other bytes, and a completion with other checksums', async () => {
    const upload = await begin()
    const parts = cut(bytes, upload)
    const {
      parts: [signed],
    } = await api.mutate<Signed>('dataset.signParts', { uploadId: upload.id, parts: [parts[0]!.part] })
    const put = (body: Uint8Array) =>
      fetch(signed!.url, { method: 'PUT', body: body as Uint8Array<ArrayBuffer>, headers: signed!.headers })
    const wrong = Buffer.from(parts[0]!.bytes)
    wrong[1000]! ^= 1
    expect((await put(wrong)).status).toBeGreaterThanOrEqual(400)
    expect((await put(parts[0]!.bytes.subarray(1))).status).toBeGreaterThanOrEqual(400)
    expect((await api.query<{ parts: unknown[] }>('dataset.listParts', { uploadId: upload.id })).parts).toEqual([])

    await sendParts(api, upload.id, parts)
    const listed = parts.map(({ part }, i) => (i === 1 ? { ...part, sha256: parts[0]!.part.sha256 } : part))
    expect(
      await api.refusal('mutation', 'dataset.completeUpload', { uploadId: upload.id, parts: listed }),
    ).toMatchObject({ code: 'CHECKSUM_MISMATCH', issues: [{ path: 'parts.2' }] })
    expect(
      await api.refusal('mutation', 'dataset.completeUpload', { uploadId: upload.id, parts: listed.slice(0, 2) }),
    ).toMatchObject({ code: 'UPLOAD_INCOMPLETE', issues: [{ path: 'parts.3', code: 'not_listed' }] })
    await complete(upload.id, parts)
  })

  // S3 has a server of its own.
  if (stack === 'one machine')
    it('refuse a part while it still arrives, and answer the next request on that connection', async () => {
      const upload = await begin()
      const {
        parts: [signed],
      } = await api.mutate<Signed>('dataset.signParts', { uploadId: upload.id, parts: [cut(bytes, upload)[0]!.part] })
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const ask = (url: string, method: string, body?: Uint8Array) =>
        new Promise<number>((resolve, reject) => {
          const asking = request(
            url,
            { agent, method, timeout: 10_000, headers: body === undefined ? {} : { 'content-length': body.length } },
            (answer) => answer.resume().on('end', () => resolve(answer.statusCode!)),
          )
          asking
            .on('error', reject)
            .on('timeout', () => asking.destroy(new Error(`no answer to ${method}`)))
            .end(body)
        })
      for (const url of [signed!.url, signed!.url.replace('part=1', 'part=2')]) {
        expect(await ask(url, 'PUT', randomBytes(20 * mebibyte))).toBeGreaterThanOrEqual(400)
        expect(await ask(`${api.url}/healthz`, 'GET')).toBe(200)
      }
      agent.destroy()
    })

  it('refuse archives that are too large, and parts that do not exist', async () => {
    expect(
      await api.refusal('mutation', 'dataset.createUpload', {
        datasetName: 'x',
        fileName: 'x.zip',
        bytes: 21 * 2 ** 30,
      }),
    ).toMatchObject({ code: 'LIMIT_REACHED', status: 413 })
    const upload = await begin()
    const { part } = cut(bytes, upload)[0]!
    expect(
      await api.refusal('mutation', 'dataset.signParts', { uploadId: upload.id, parts: [{ ...part, partNumber: 4 }] }),
    ).toMatchObject({ code: 'BAD_INPUT', issues: [{ path: 'parts[0].partNumber' }] })
  })

  it('take no more parts once they are aborted, and leave nothing behind', async () => {
    const upload = await begin()
    const parts = cut(bytes, upload)
    await sendParts(api, upload.id, parts.slice(0, 1))
    expect(await api.mutate('dataset.abortUpload', { uploadId: upload.id })).toMatchObject({ state: 'aborted' })
    expect(await api.mutate('dataset.abortUpload', { uploadId: upload.id })).toMatchObject({ state: 'aborted' })
    expect(
      await api.refusal('mutation', 'dataset.signParts', { uploadId: upload.id, parts: [parts[1]!.part] }),
    ).toMatchObject({ code: 'CONFLICT' })
    await expect(complete(upload.id, parts)).rejects.toThrow(/CONFLICT/)
  })

  it('with one name are one data set', async () => {
    const first = await uploadArchive(api, { datasetName: 'same' })
    const second = await uploadArchive(api, { datasetName: 'same' })
    expect(second.datasetId).toBe(first.datasetId)
    expect(second.job.id).not.toBe(first.job.id)
    expect(await api.query('dataset.get', { datasetId: first.datasetId })).toMatchObject({
      preparingJobId: second.job.id,
    })
  })

  it('with the same content in two data sets are one version, deleted with the last of them', async () => {
    const one = await makeVersion(api, { datasetName: 'one', content: 'shared' })
    const two = await makeVersion(api, { datasetName: 'two', content: 'shared' })
    expect(two.versionId).toBe(one.versionId)
    expect(await api.query('dataset.listVersions', { datasetId: one.datasetId })).toMatchObject({
      items: [{ id: one.versionId, datasetId: one.datasetId, counts: { train: 60, test: 30, unlabelled: 0 } }],
      nextCursor: null,
    })
    expect(await api.query('dataset.versionManifest', { versionId: one.versionId })).toMatchObject({
      classes: ['cat', 'dog', 'owl'],
    })
    const { url } = await api.query<{ url: string }>('dataset.contactSheetUrl', { versionId: one.versionId })
    expect(await (await fetch(url)).text()).toBe('a picture of shared')

    await api.mutate('dataset.delete', { datasetId: two.datasetId })
    expect(await api.query('dataset.getVersion', { versionId: one.versionId })).toMatchObject({
      datasetId: one.datasetId,
    })
    await sweep(api.dependencies)
    expect(await api.dependencies.store.head(`${one.prefix}manifest.json`)).not.toBeNull()
    await api.mutate('dataset.delete', { datasetId: one.datasetId })
    expect(await api.refusal('query', 'dataset.getVersion', { versionId: one.versionId })).toMatchObject({
      code: 'NOT_FOUND',
    })
    await sweep(api.dependencies)
    expect(await api.dependencies.store.head(`${one.prefix}manifest.json`)).toBeNull()
  })

  // Last: it moves the clock.
  it('expire after a day, their URLs after an hour, and are then deleted', async () => {
    const upload = await begin()
    const parts = cut(bytes, upload)
    const {
      parts: [signed],
      expiresAt,
    } = await api.mutate<Signed>('dataset.signParts', { uploadId: upload.id, parts: [parts[0]!.part] })
    expect(Date.parse(expiresAt) - api.dependencies.clock().getTime()).toBeLessThanOrEqual(3_600_000)
    await sendParts(api, upload.id, [parts[1]!])
    expect(await sweep(api.dependencies)).toMatchObject({ uploads: 0 })

    api.later(3700)
    if (stack === 'one machine') {
      // S3 has a clock of its own.
      const late = await fetch(signed!.url, {
        method: 'PUT',
        body: parts[0]!.bytes as Uint8Array<ArrayBuffer>,
        headers: signed!.headers,
      })
      expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([403, 'URL_REJECTED'])
    }
    api.later(24 * 3600)
    expect(
      await api.refusal('mutation', 'dataset.signParts', { uploadId: upload.id, parts: [parts[0]!.part] }),
    ).toMatchObject({ code: 'UPLOAD_EXPIRED', status: 410 })
    await expect(complete(upload.id, parts)).rejects.toThrow(/UPLOAD_EXPIRED/)
    await until(async () => (await sweep(api.dependencies)).uploads === 0)
    expect(await api.query('dataset.getUpload', { uploadId: upload.id })).toMatchObject({ state: 'aborted' })
    expect(await api.refusal('query', 'dataset.listParts', { uploadId: upload.id })).toMatchObject({
      code: 'UPLOAD_EXPIRED',
    })

    const reading = await uploadArchive(api, { datasetName: 'still read' })
    api.later(32 * 24 * 3600)
    expect((await sweep(api.dependencies)).records).toBeGreaterThan(0)
    expect(await api.refusal('query', 'dataset.getUpload', { uploadId: upload.id })).toMatchObject({
      code: 'NOT_FOUND',
    })
    // Its job has not run: what it reads stays.
    expect(await api.query('dataset.getUpload', { uploadId: reading.upload.id })).toMatchObject({
      id: reading.upload.id,
      state: 'completed',
    })
  })
})
