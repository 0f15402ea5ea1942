import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFirstKey, sweep } from '@imclr/api'
import type { PrepareJob, Upload } from '@imclr/contract'
import { openDatabase } from '@imclr/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cut, makeVersion, sendParts, smallSpec } from './makeThings.js'
import { until } from '../support/eventually.js'
import { Refused, stacks, startTestApi, type TestApi } from './testApi.js'

type NewKey = { secret: string; key: { id: string; prefix: string; scopes: string[] } }
type Listed = {
  items: { id: string; name: string; lastUsedAt: string | null; revokedAt: string | null }[]
  nextCursor: string | null
}

describe('API keys', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })

  it('show their secret once, and are listed without it', async () => {
    const { secret, key } = await api.mutate<NewKey>('key.create', { name: 'laptop' })
    expect(secret).toMatch(/^imclr_[A-Za-z0-9_-]{43}$/)
    expect(key).toMatchObject({
      name: 'laptop',
      scopes: ['read', 'write'],
      prefix: secret.slice(0, 14),
      expiresAt: null,
      lastUsedAt: null,
    })
    expect(await api.query('system.info', undefined, { key: secret })).toMatchObject({ service: 'imclr' })
    expect(JSON.stringify(await api.query('key.list'))).not.toContain(secret.slice(14))
    await until(
      async () => (await api.query<Listed>('key.list')).items.find(({ id }) => id === key.id)!.lastUsedAt !== null,
    )
  })

  it('end when they are revoked; no key revokes itself', async () => {
    const { secret, key } = await api.mutate<NewKey>('key.create', { name: 'short', scopes: ['read', 'keys'] })
    expect(await api.refusal('mutation', 'key.revoke', { keyId: key.id }, { key: secret })).toMatchObject({
      code: 'CONFLICT',
    })
    const { revokedAt } = await api.mutate<{ revokedAt: string }>('key.revoke', { keyId: key.id })
    expect(await api.refusal('query', 'system.info', undefined, { key: secret })).toMatchObject({
      code: 'UNAUTHENTICATED',
    })
    api.later(60)
    expect(await api.mutate('key.revoke', { keyId: key.id })).toMatchObject({ revokedAt })
  })

  it('end when they expire', async () => {
    const { secret } = await api.mutate<NewKey>('key.create', { name: 'for a day', expiresInDays: 1 })
    api.later(86_000)
    await api.query('system.info', undefined, { key: secret })
    api.later(401)
    expect(await api.refusal('query', 'system.info', undefined, { key: secret })).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'This API key is not valid',
    })
  })

  it('get no scope that the key which creates them lacks', async () => {
    const { secret } = await api.mutate<NewKey>('key.create', { name: 'keeper', scopes: ['keys', 'read'] })
    expect(
      await api.refusal('mutation', 'key.create', { name: 'x', scopes: ['read', 'write'] }, { key: secret }),
    ).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining("'write'") as string })
  })

  it('belong to a project, and open no other', async () => {
    const { secret, project } = await api.mutate<NewKey & { project: { id: string; name: string } }>('project.create', {
      name: 'second',
    })
    expect(await api.query('project.current', undefined, { key: secret })).toEqual(project)
    expect(await api.query('project.current')).toMatchObject({ name: 'default' })
    expect((await api.query<Listed>('key.list', {}, { key: secret })).items).toHaveLength(1)
    expect(await api.refusal('query', 'project.list', {}, { key: secret })).toMatchObject({ code: 'FORBIDDEN' })
    expect((await api.query<Listed>('project.list')).items.map(({ name }) => name)).toEqual(['second', 'default'])
    expect(await api.refusal('mutation', 'project.create', { name: 'second' })).toMatchObject({ code: 'CONFLICT' })
  })

  it('are listed page by page, each once', async () => {
    const { secret } = await api.mutate<NewKey>('project.create', { name: 'many keys' })
    for (let i = 0; i < 6; i++) await api.mutate('key.create', { name: `key ${i}` }, { key: secret })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page: Listed = await api.query(
        'key.list',
        { limit: 3, ...(cursor === undefined ? {} : { cursor }) },
        { key: secret },
      )
      seen.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(['key 5', 'key 4', 'key 3', 'key 2', 'key 1', 'key 0', 'first key'])
    expect(await api.refusal('query', 'key.list', { cursor: 'elsewhere' })).toMatchObject({
      code: 'BAD_INPUT',
      issues: [{ path: 'cursor' }],
    })
  })
})

describe('limits on requests', () => {
  it('count per key, and say when to come back', async () => {
    await using api = await startTestApi({ config: { requestsPerMinute: 5, authFailuresPerMinute: 3 } })
    const { secret } = await api.mutate<NewKey>('key.create', { name: 'other' })
    for (let i = 0; i < 4; i++) await api.query('system.info')
    const refused = await api.query('system.info').catch((error: unknown) => error as Refused)
    if (!(refused instanceof Refused)) throw new Error('not refused')
    expect([refused.status, refused.wire.code, refused.wire.retryable]).toEqual([429, 'RATE_LIMITED', true])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    await api.query('system.info', undefined, { key: secret })

    // Wrong keys: fewer, and those who have the right one are not shut out.
    const guess = () =>
      api.refusal('query', 'system.info', undefined, { key: `imclr_${randomBytes(32).toString('base64url')}` })
    expect([await guess(), await guess(), await guess(), await guess()].map(({ code }) => code)).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'RATE_LIMITED',
    ])
    await api.query('system.info', undefined, { key: secret })
  })
})

describe.each(stacks)('idempotency keys on %s', (stack) => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi({ stack })
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })
  const fresh = () => ({ idempotencyKey: randomUUID() })

  it('give the same answer again, secrets included, also after a restart', async () => {
    const options = fresh()
    const first = await api.mutate<NewKey>('key.create', { name: 'once', scopes: ['read'] }, options)
    await api.restart()
    expect(await api.mutate('key.create', { scopes: ['read'], name: 'once' }, options)).toEqual(first)
    expect((await api.query<Listed>('key.list')).items.filter(({ name }) => name === 'once')).toHaveLength(1)
  })

  it('are refused with another input or another procedure', async () => {
    const options = fresh()
    await api.mutate('key.create', { name: 'a' }, options)
    expect(await api.refusal('mutation', 'key.create', { name: 'b' }, options)).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      status: 409,
    })
    expect(await api.refusal('mutation', 'project.create', { name: 'a' }, options)).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
    expect(await api.refusal('mutation', 'key.create', { name: 'a' }, { idempotencyKey: 'short' })).toMatchObject({
      code: 'BAD_INPUT',
    })
  })

  it("are a project's own", async () => {
    const { secret } = await api.mutate<NewKey>('project.create', { name: 'apart' })
    const options = fresh()
    const [mine, theirs] = [
      await api.mutate<NewKey>('key.create', { name: 'same' }, options),
      await api.mutate<NewKey>('key.create', { name: 'same' }, { ...options, key: secret }),
    ]
    expect(mine.key.id).not.toBe(theirs.key.id)
  })

  it('make one of many requests at the same time', async () => {
    const { versionId } = await makeVersion(api)
    const [keyOptions, uploadOptions, jobOptions] = [fresh(), fresh(), fresh()]
    const times = Array.from({ length: 8 })
    const keys = await Promise.all(times.map(() => api.mutate<NewKey>('key.create', { name: 'race' }, keyOptions)))
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(1)
    const uploads = await Promise.all(
      times.map(() =>
        api.mutate<Upload>(
          'dataset.createUpload',
          { datasetName: 'race', fileName: 'a.zip', bytes: 10 },
          uploadOptions,
        ),
      ),
    )
    expect(new Set(uploads.map(({ id }) => id)).size).toBe(1)
    const jobs = await Promise.all(
      times.map(() => api.mutate<{ id: string }>('job.submit', { versionId, spec: smallSpec }, jobOptions)),
    )
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1)
    expect((await api.query<Listed>('job.list', { versionId, kind: 'train' })).items).toHaveLength(1)
    // The multipart uploads that lost were given up; the one that won takes its part.
    const bytes = Buffer.from('0123456789')
    await sendParts(api, uploads[0]!.id, cut(bytes, uploads[0]!), {})
    const completion = { uploadId: uploads[0]!.id, parts: cut(bytes, uploads[0]!).map(({ part }) => part) }
    const completed = await Promise.all(
      times.map(() => api.mutate<{ job: PrepareJob }>('dataset.completeUpload', completion, fresh())),
    )
    expect(new Set(completed.map(({ job }) => job.id)).size).toBe(1)
  })

  it('do not remember requests that failed', async () => {
    const options = fresh()
    expect(await api.refusal('mutation', 'job.submit', { versionId: `ver_${'0'.repeat(32)}` }, options)).toMatchObject({
      code: 'NOT_FOUND',
    })
    await api.mutate('key.create', { name: 'after all' }, options)
  })

  it('are forgotten after a day', async () => {
    const options = fresh()
    await api.mutate('key.create', { name: 'daily' }, options)
    api.later(86_400 - 60)
    await sweep(api.dependencies)
    expect(await api.refusal('mutation', 'key.create', { name: 'other' }, options)).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
    api.later(120)
    expect((await sweep(api.dependencies)).answers).toBeGreaterThan(0)
    await api.mutate('key.create', { name: 'other' }, options)
  })
})

describe('the first key', () => {
  it('is created once, in a file that only its owner can read', async () => {
    await using api = await startTestApi()
    const path = join(api.folder, 'api-key')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await ensureFirstKey({ database: api.dependencies.database, path })).toEqual({ created: false, path })
    expect((await readFile(path, 'utf8')).trim()).toBe(api.key)
    expect(JSON.stringify(api.logs)).not.toContain(api.key)
    expect(await api.query('key.list')).toMatchObject({
      items: [{ name: 'first key', scopes: ['read', 'write', 'keys', 'instance'] }],
    })
  })

  it('is created once where several processes start at the same time, and is taken from the file where that holds one', async () => {
    const folder = await mkdtemp('/tmp/imclr-first-')
    const database = await openDatabase({ pgliteDir: join(folder, 'pg') })
    try {
      const path = join(folder, 'deep', 'key')
      await writeFile(join(folder, 'not a key'), 'something else')
      await expect(ensureFirstKey({ database, path: join(folder, 'not a key') })).rejects.toThrow('holds no API key')
      await chmod(folder, 0o700)
      const made = await Promise.all([1, 2, 3].map(() => ensureFirstKey({ database, path })))
      expect(made.filter(({ created }) => created)).toHaveLength(1)

      const given = `imclr_${randomBytes(32).toString('base64url')}`
      await database.close()
      await rm(join(folder, 'pg'), { recursive: true })
      const again = await openDatabase({ pgliteDir: join(folder, 'pg') })
      await writeFile(path, `${given}\n`)
      await ensureFirstKey({ database: again, path })
      expect((await readFile(path, 'utf8')).trim()).toBe(given)
      await again.close()
    } finally {
      await database.close()
      await rm(folder, { recursive: true })
    }
  })
})
