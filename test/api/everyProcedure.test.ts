/** What must hold of every procedure, whichever there are: the list is the router's own. */
import { randomBytes } from 'node:crypto'
import { appRouter, type Meta } from '@imclr/api'
import { makeId, scopes, type Scope } from '@imclr/contract'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeModel, makeVersion, smallExperiment } from './makeThings.js'
import { startTestApi, type TestApi } from './testApi.js'

interface Definition {
  type: 'query' | 'mutation'
  inputs: z.ZodType[]
  output?: z.ZodType
  meta?: Meta
}

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: Definition }>).map(
  ([
    path,
    {
      _def: { type, inputs, output, meta },
    },
  ]) => ({ path, type, input: inputs[0]!, inputs, output, scope: meta?.scope, yields: meta?.yields }),
)

type Schema = z.core.JSONSchema.BaseSchema
const schemaOf = (input: z.ZodType): Schema => z.toJSONSchema(input, { io: 'input' })

/** A value that fits a schema; ids are well formed and name nothing, or what `ids` has for their prefix. */
function sample(schema: Schema, ids: Record<string, string> = {}): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return sample(schema.anyOf[0] as Schema, ids)
  if (schema.type === 'object')
    return Object.fromEntries(
      (schema.required ?? []).map((name) => [name, sample(schema.properties![name] as Schema, ids)]),
    )
  if (schema.type === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items as Schema, ids))
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(1, schema.minimum ?? 1)
  if (schema.type === 'boolean') return true
  const prefix = /^\^([a-z]+)_/.exec(schema.pattern ?? '')?.[1]
  if (prefix !== undefined)
    return ids[prefix] ?? (prefix === 'ver' ? `ver_${'0'.repeat(32)}` : makeId(prefix as 'job', randomBytes(20)))
  if (schema.contentEncoding === 'base64' || schema.format === 'base64') return Buffer.alloc(32).toString('base64')
  return 'some text'
}

/** The names of a schema's top-level properties, with their schemas. */
const properties = (schema: Schema): [string, Schema][] => Object.entries(schema.properties ?? {}) as [string, Schema][]

function wrongFor(schema: Schema): unknown {
  const types = JSON.stringify(schema)
  return /"type":"(integer|number)"/.test(types) || /"type":"(boolean|object|array)"/.test(types)
    ? 'certainly not this'
    : 4711
}

/** Every path of an object within a value, for a stranger to be put there. */
function withStranger(value: unknown): unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item, i) => withStranger(item).map((changed) => value.with(i, changed)))
  if (value === null || typeof value !== 'object') return []
  return [
    { ...value, stranger: 1 },
    ...Object.entries(value).flatMap(([name, inner]) =>
      withStranger(inner).map((changed) => ({ ...value, [name]: changed })),
    ),
  ]
}

/**
 * The value with every property in turn replaced by what fits its type and may still be too much for what is behind it.
 */
function hostileTo(value: unknown, schema: Schema): unknown[] {
  return properties(schema).flatMap(([name, property]) =>
    extremes(name, property).map((extreme) => ({ ...(value as object), [name]: extreme })),
  )
}

function extremes(name: string, schema: Schema): unknown[] {
  if (schema.anyOf) return schema.anyOf.flatMap((one) => extremes(name, one))
  if (schema.type === 'object') return hostileTo(sample(schema), schema)
  if (schema.type === 'integer' || schema.type === 'number')
    return [schema.maximum, schema.minimum, 2 ** 31, 2 ** 53 - 1, -1, 0.5].filter((number) => number !== undefined)
  if (schema.type !== 'string' || schema.enum !== undefined) return []
  if (name === 'cursor')
    return [9, 14, 15].flatMap((digits) =>
      ['job', 'key', 'ver'].map((prefix) => `${'9'.repeat(digits)}.${prefix}_${'a'.repeat(20)}`),
    )
  return ['a\u0000b', '\ud800', '\n', '\u202e', "';--", '../..', '%00', 'x'.repeat(5000)]
}

describe('every procedure', () => {
  let api: TestApi
  /** A key with every scope but this one. */
  const without = {} as Record<Scope, string>
  /** Of things that are there, by their prefix. */
  const own: Record<string, string> = {}
  beforeAll(async () => {
    api = await startTestApi()
    for (const scope of scopes)
      without[scope] = (
        await api.mutate<{ secret: string }>('key.create', {
          name: `all but ${scope}`,
          scopes: scopes.filter((one) => one !== scope),
        })
      ).secret
    const { versionId, datasetId, jobId } = await makeVersion(api)
    Object.assign(own, { ver: versionId, ds: datasetId, job: jobId, mdl: (await makeModel(api, versionId)).modelId })
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })

  it('is in the router', () => {
    expect(procedures.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'system.info',
        'project.create',
        'key.revoke',
        'dataset.completeUpload',
        'job.events',
        'model.compare',
        'experiment.report',
      ]),
    )
    expect(procedures.length).toBeGreaterThanOrEqual(42)
  })

  it.each(procedures)(
    '$path has one input and one output that JSON Schema can say',
    ({ input, inputs, output, scope, yields }) => {
      expect(inputs).toHaveLength(1)
      expect(scopes).toContain(scope)
      expect((output === undefined) === (yields !== undefined)).toBe(true)
      expect(schemaOf(input)).toBeTypeOf('object')
      expect(z.toJSONSchema((output ?? yields)!, { io: 'output' })).toBeTypeOf('object')
      expect(input.safeParse(sample(schemaOf(input))).success).toBe(true)
    },
  )

  it.each(procedures)('$path needs a key with its scope', async ({ path, type, scope, input }) => {
    const value = sample(schemaOf(input))
    expect(await api.refusal(type, path, value, { key: null })).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 })
    expect(await api.refusal(type, path, value, { key: `imclr_${'A'.repeat(43)}` })).toMatchObject({
      code: 'UNAUTHENTICATED',
      status: 401,
    })
    expect(await api.refusal(type, path, value, { key: without[scope!] })).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
      message: expect.stringContaining(`'${scope}'`) as string,
    })
  })

  it.each(procedures)('$path refuses unknown keys, wherever they are', async ({ path, type, input }) => {
    for (const value of withStranger(sample(schemaOf(input)) ?? {})) {
      const { code, issues } = await api.refusal(type, path, value)
      expect([code, issues.map((issue) => issue.code)]).toEqual([
        'BAD_INPUT',
        expect.arrayContaining(['unrecognized_keys']),
      ])
      expect(issues.find((issue) => issue.code === 'unrecognized_keys')).toMatchObject({
        path: expect.stringMatching(/(^|\.)stranger$/) as string,
        fix: expect.any(String) as string,
      })
    }
  })

  it.each(procedures.filter(({ input }) => properties(schemaOf(input)).length > 0))(
    '$path refuses wrong types, field by field',
    async ({ path, type, input }) => {
      const schema = schemaOf(input)
      for (const [name, property] of properties(schema)) {
        const { code, status, issues } = await api.refusal(type, path, {
          ...(sample(schema) as object),
          [name]: wrongFor(property),
        })
        expect([path, name, code, status]).toEqual([path, name, 'BAD_INPUT', 400])
        expect(issues[0]?.path.split(/[.[]/)[0]).toBe(name)
      }
      for (const nonsense of ['text', 7, [], null])
        expect(await api.refusal(type, path, nonsense)).toMatchObject({ code: 'BAD_INPUT' })
    },
  )

  it.each(procedures)('$path finds no fault of its own in hostile values', async ({ path, type, input }) => {
    for (const value of hostileTo(sample(schemaOf(input), own) ?? {}, schemaOf(input))) {
      // A stream tells its errors line by line.
      const headers: Record<string, string> = path === 'job.events' ? { 'trpc-accept': 'application/jsonl' } : {}
      const query = `${api.url}/trpc/${path}?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: value }))}`
      const authorized = { authorization: `Bearer ${api.key}`, ...headers }
      const answer =
        type === 'query'
          ? await fetch(query, { headers: authorized })
          : await fetch(`${api.url}/trpc/${path}?batch=1`, {
              method: 'POST',
              headers: { ...authorized, 'content-type': 'application/json' },
              body: JSON.stringify({ 0: value }),
            })
      const text = await answer.text()
      expect([value, text]).toEqual([value, expect.not.stringMatching(/INTERNAL|UNAVAILABLE/) as string])
      expect(answer.status).toBeLessThan(500)
    }
  })

  describe('for what another project owns', () => {
    const ids: Record<string, string> = {}
    let other = ''
    beforeAll(async () => {
      const { secret, project, key } = await api.mutate<{
        secret: string
        project: { id: string }
        key: { id: string }
      }>('project.create', { name: 'other' })
      other = secret
      const { versionId, datasetId, jobId } = await makeVersion(api, { options: { key: other } })
      const { modelId } = await makeModel(api, versionId, { options: { key: other } })
      const upload = await api.mutate<{ id: string }>(
        'dataset.createUpload',
        { datasetName: 'x', fileName: 'x.zip', bytes: 100 },
        { key: other },
      )
      const experiment = await api.mutate<{ id: string }>(
        'experiment.create',
        { versionId, experiment: smallExperiment },
        { key: other },
      )
      Object.assign(ids, {
        exp: experiment.id,
        prj: project.id,
        key: key.id,
        upl: upload.id,
        ds: datasetId,
        ver: versionId,
        job: jobId,
        mdl: modelId,
      })
    })

    const naming = procedures.filter(({ input }) => /"pattern":"\^[a-z]+_/.test(JSON.stringify(schemaOf(input))))
    const looking = naming.filter(({ input }) =>
      properties(schemaOf(input)).some(
        ([name, property]) => 'pattern' in property && (schemaOf(input).required ?? []).includes(name),
      ),
    )

    it.each(looking)('$path answers as for a thing that does not exist', async ({ path, type, input }) => {
      const foreign = await api.refusal(type, path, sample(schemaOf(input), ids))
      const absent = await api.refusal(type, path, sample(schemaOf(input)))
      expect([foreign.code, foreign.status]).toEqual(['NOT_FOUND', 404])
      const plain = (message: string) => message.replace(/[a-z]+_[a-z0-9]{8,}/g, 'ID')
      expect(plain(foreign.message)).toBe(plain(absent.message))
    })

    const listing = naming.filter((one) => !looking.includes(one))

    it('covers every procedure that can name a thing', () => {
      expect(listing.map(({ path }) => path).sort()).toEqual(['job.list', 'model.list'])
      expect(looking.length).toBeGreaterThanOrEqual(20)
    })

    it.each(looking)(
      "$path answers the same where everything else that it names is the caller's own",
      async ({ path, type, input }) => {
        const schema = schemaOf(input)
        for (const [name, property] of properties(schema).filter(([, one]) => /^\^[a-z]+_/.test(String(one.pattern)))) {
          expect(
            await api.refusal(type, path, { ...(sample(schema, own) as object), [name]: sample(property, ids) }),
          ).toMatchObject({ code: 'NOT_FOUND', status: 404 })
        }
      },
    )

    it.each(listing)('$path lists nothing', async ({ path, input }) => {
      for (const [name, property] of properties(schemaOf(input)).filter(([, one]) => 'pattern' in one)) {
        expect(await api.query(path, { [name]: sample(property, ids) })).toEqual({ items: [], nextCursor: null })
      }
    })

    it('changes nothing', async () => {
      expect(await api.query('dataset.get', { datasetId: ids.ds }, { key: other })).toMatchObject({
        latestVersionId: ids.ver,
      })
      expect(await api.query('model.get', { modelId: ids.mdl }, { key: other })).toMatchObject({ public: false })
      expect(await api.query('job.get', { jobId: ids.job }, { key: other })).toMatchObject({ cancelRequested: null })
      expect(await api.query('experiment.get', { experimentId: ids.exp }, { key: other })).toMatchObject({
        state: 'running',
        runs: { unfinished: 2 },
      })
      expect(await api.query('dataset.getUpload', { uploadId: ids.upl }, { key: other })).toMatchObject({
        state: 'open',
      })
      expect(
        (await api.query<{ items: { revokedAt: string | null }[] }>('key.list', {}, { key: other })).items,
      ).toMatchObject([{ revokedAt: null }])
    })

    it('refuses it as a reference, and serves no files of it', async () => {
      const { versionId } = await makeVersion(api)
      expect(
        await api.refusal('mutation', 'job.submit', {
          versionId,
          spec: { network: 'resnet8', batchSize: 10, evaluation: { referenceModelId: ids.mdl } },
        }),
      ).toMatchObject({ code: 'NOT_FOUND' })
      for (const path of ['model.json', 'weights.bin'])
        expect(
          (await fetch(`${api.url}/v1/models/${ids.mdl}/${path}`, { headers: { authorization: `Bearer ${api.key}` } }))
            .status,
        ).toBe(404)
    })
  })
})
