import type { JobEvent, TrainJob } from '@imclr/contract'
import { type AppRouter } from '@imclr/api'
import { finishJob, schema, storeProbe, storeTrainerLines } from '@imclr/database'
import { createTRPCClient, httpBatchStreamLink } from '@trpc/client'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeModel, makeVersion, smallSpec, startJob, uploadArchive } from './makeThings.js'
import { until } from '../support/eventually.js'
import { stacks, startTestApi, type TestApi } from './testApi.js'

type Fence = Awaited<ReturnType<typeof startJob>>['fence']

describe.each(stacks)('jobs on %s', (stack) => {
  let api: TestApi
  let versionId: string
  const submit = (spec: object = {}) =>
    api.mutate<TrainJob>('job.submit', { versionId, spec: { ...smallSpec, ...spec } })
  beforeAll(async () => {
    api = await startTestApi({ stack })
    versionId = (await makeVersion(api)).versionId
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })

  it('are answered with the resolved spec, the limits, an estimate and the position in the queue, and are in the queue', async () => {
    const job = await submit({ seed: 7, limits: { maxSeconds: 100 } })
    expect(job).toMatchObject({
      kind: 'train',
      state: 'queued',
      attempt: 0,
      versionId,
      queuePosition: 1,
      lastEvent: 1,
      modelId: null,
      limits: { maxSeconds: 100, maxAttempts: 5 },
      spec: {
        mode: 'imclr',
        network: 'resnet8',
        seed: 7,
        learningRate: 0.1,
        schedule: { kind: 'cosine' },
        stacking: { images: 2, axis: 'height', probability: 1, pairing: 'permutation', order: 'mix-first' },
      },
      estimate: { basis: 'assumed', seconds: expect.any(Number) as number },
    })
    expect(await api.query('job.get', { jobId: job.id })).toEqual(job)
    const second = await submit()
    expect(second.queuePosition).toBe(2)
    const delivered: string[] = []
    const worker = await api.dependencies.queue.work(
      async ({ jobId }) => {
        delivered.push(jobId)
      },
      { queue: 'device', concurrency: 1 },
    )
    await until(() => [job.id, second.id].every((id) => delivered.includes(id)))
    await worker.close({ graceMs: 1000 })
    for (const { id } of [job, second])
      expect(await api.mutate('job.cancel', { jobId: id })).toMatchObject({
        state: 'canceled',
        queuePosition: null,
        finishedAt: expect.any(String) as string,
      })
  })

  it('with a stored spec or options that are not valid are our fault, and the log names the field', async () => {
    const { queries } = api.dependencies.database
    const training = await submit()
    const { job: prepare } = await uploadArchive(api, { datasetName: 'invalid options' })
    const wrong = [
      { id: training.id, set: { spec: { ...training.spec, epochs: 'three' } }, field: 'epochs' },
      { id: prepare.id, set: { options: { testFraction: 'half' } }, field: 'testFraction' },
    ]
    for (const { id, set, field } of wrong) {
      const [before] = await queries.select().from(schema.job).where(eq(schema.job.id, id))
      await queries.update(schema.job).set(set).where(eq(schema.job.id, id))
      const { code, message, requestId } = await api.refusal('query', 'job.get', { jobId: id })
      expect([code, message]).toEqual(['INTERNAL', 'Something went wrong on our side'])
      const logged = JSON.stringify(api.logs.findLast((line) => line['requestId'] === requestId))
      expect(logged).toContain(`of job ${id} cannot be read`)
      expect(logged).toContain(field)
      const { spec, options } = before!
      await queries.update(schema.job).set({ spec, options }).where(eq(schema.job.id, id))
      expect(await api.mutate('job.cancel', { jobId: id })).toMatchObject({ state: 'canceled' })
    }
  })

  it('are estimated from the work to be done, and from the speed that was measured', async () => {
    const seconds = async (spec: object) => (await submit(spec)).estimate!.seconds
    const evaluation = { corruptionImages: 'none' }
    const [short, long, stacked] = [
      await seconds({ mode: 'baseline', epochs: 1000, evaluation }),
      await seconds({ mode: 'baseline', epochs: 2000, evaluation }),
      await seconds({ mode: 'imclr', epochs: 1000, evaluation }),
    ]
    // 12.5e6 multiply-adds x 3 x 60 images x 1000 epochs / 1e10 per second = 225 s, and some for start and evaluation.
    expect(short).toBeGreaterThan(225)
    expect(short).toBeLessThan(245)
    expect(long - short).toBeGreaterThan(224)
    expect(long - short).toBeLessThan(226)
    expect(stacked - short).toBeGreaterThan(224)
    expect(stacked - short).toBeLessThan(227)
    // The evaluation: 30 test images and 95 corrupted pictures of each, two in an input or one; 12.5e6 x (30 + 2850) /
    // 1e10 = 3.6 s.
    const tested = (testInput: string) =>
      seconds({ mode: 'imclr', epochs: 1, stacking: { testInput }, evaluation: { corruptionImages: 'all' } })
    expect(Math.abs((await tested('self')) - (await tested('single')) - 3.6)).toBeLessThanOrEqual(1)
    // An unlabelled view with gradients and one without: 3 + 1 forward passes beside the 3 of the labelled input.
    const piModel = await seconds({
      mode: 'baseline',
      epochs: 1000,
      evaluation,
      semiSupervised: { method: 'pi-model', from: ['labelled'] },
    })
    expect(piModel - short).toBeGreaterThan(299)
    expect(piModel - short).toBeLessThan(301)
    const probed = (multiplyAddsPerSecond: number) =>
      storeProbe(api.dependencies.database.queries, 'a machine', {
        type: 'probed',
        multiplyAddsPerSecond,
        device: 'CPU',
      })
    await probed(1e9)
    await probed(2e10) // replaces the one before
    expect((await submit({ mode: 'baseline', epochs: 2000, evaluation })).estimate).toEqual({
      basis: 'probed',
      seconds: short,
      note: 'No training has succeeded here yet: this is from a short measurement of the machine',
      memoryBytes: expect.any(Number) as number,
    })
    const { versionId: other } = await makeVersion(api, { datasetName: 'measured' })
    await makeModel(api, other) // its manifest says 5e9
    expect((await submit({ mode: 'baseline', epochs: 1000, evaluation })).estimate).toMatchObject({
      basis: 'measured',
      seconds: expect.closeTo(450 + 15, -1) as number,
    })
  })

  it('are refused where the spec does not fit the data, with the fields and the fixes', async () => {
    const refusals: [spec: object, field: string, message: RegExp][] = [
      [{ trainImages: 2, batchSize: 2 }, 'spec.trainImages', /2 training images cannot show all 3 classes/],
      [{ trainImages: 61 }, 'spec.trainImages', /has 60 training images/],
      [{ rampUp: { epochs: 3 } }, 'spec.rampUp.epochs', /3 epochs does not fit into 2/],
      [{ rampDown: { epochs: 2.5, shape: 'gaussian' } }, 'spec.rampDown.epochs', /does not fit into 2/],
      [{ optimizer: { kind: 'adam' } }, 'spec.learningRate', /0.1 is a rate for SGD/],
      [
        { optimizer: { kind: 'adamw', beta1End: 0.5 }, learningRate: 1e-3 },
        'spec.optimizer.beta1End',
        /rampDown is null/,
      ],
      [
        { validation: { images: 58 } },
        'spec.validation.images',
        /2 are left to train on: not one of each of 3 classes/,
      ],
      [{ validation: { fraction: 0.5 }, trainImages: 4, batchSize: 2 }, 'spec.validation.fraction', /2 are left/],
      [{ validation: 'given' }, 'spec.validation', /came without a validation part/],
      [{ validation: { fraction: 0.001 } }, 'spec.validation.fraction', /not one image/],
      [{ schedule: { kind: 'step', milestones: [0.5, 0.2] } }, 'spec.schedule.milestones', /must grow/],
      [{ augment: ['flip', { op: 'crop', padding: 17 }] }, 'spec.augment[1].padding', /more than half/],
      [{ augment: [{ op: 'translate', pixels: 20 }] }, 'spec.augment[0].pixels', /more than half/],
      [{ batchSize: 3, stacking: { images: 4 } }, 'spec.stacking.images', /partners in a batch of 3/],
      [{ semiSupervised: { method: 'pi-model' } }, 'spec.semiSupervised.from', /has no unlabelled images/],
      [
        { semiSupervised: { method: 'pi-model', from: ['labelled', 'left-over'] } },
        'spec.semiSupervised.from',
        /label budget leaves none/,
      ],
      [
        { semiSupervised: { method: 'pi-model', from: ['unlabelled', 'left-over'] } },
        'spec.semiSupervised.from',
        /no unlabelled images, and .* none/,
      ],
      [
        { semiSupervised: { method: 'mean-teacher', from: ['labelled'] } },
        'spec.semiSupervised.method',
        /running average of the weights/,
      ],
      [
        { semiSupervised: { method: 'pi-model', from: ['labelled'], batch: 'joint', stackUnlabelled: false } },
        'spec.semiSupervised.stackUnlabelled',
        /one size/,
      ],
    ]
    for (const [spec, field, message] of refusals) {
      const { code, issues } = await api.refusal('mutation', 'job.submit', {
        versionId,
        spec: { ...smallSpec, ...spec },
      })
      expect([field, code, issues]).toEqual([
        field,
        'BAD_INPUT',
        [
          {
            path: field,
            code: 'does_not_fit',
            message: expect.stringMatching(message) as string,
            fix: expect.any(String) as string,
          },
        ],
      ])
    }
    // The nearest thing that works is named, and works.
    const leftOver = { ...smallSpec, trainImages: 20, batchSize: 10, semiSupervised: { method: 'pi-model' } }
    expect(await api.refusal('mutation', 'job.submit', { versionId, spec: leftOver })).toMatchObject({
      issues: [{ fix: "Use from: ['left-over'], the 40 training images that the label budget leaves" }],
    })
    for (const from of [['left-over'], ['unlabelled', 'left-over']])
      await api.mutate('job.submit', { versionId, spec: { ...leftOver, semiSupervised: { method: 'pi-model', from } } })
    const { modelId: clean } = await makeModel(api, versionId, { corruptionImages: 'none' })
    const against = (evaluation: object) => ({
      versionId,
      spec: { ...smallSpec, evaluation: { referenceModelId: clean, ...evaluation } },
    })
    expect(await api.refusal('mutation', 'job.submit', against({}))).toMatchObject({
      code: 'BAD_INPUT',
      issues: [
        {
          path: 'spec.evaluation.referenceModelId',
          message: expect.stringContaining('not evaluated under corruption') as string,
        },
      ],
    })
    await api.mutate('job.submit', against({ corruptionImages: 'none' }))
    const { versionId: tiny } = await makeVersion(api, { datasetName: 'tiny', side: 7 })
    expect(await api.refusal('mutation', 'job.submit', { versionId: tiny, spec: smallSpec })).toMatchObject({
      code: 'BAD_INPUT',
      issues: [
        {
          path: 'spec.network',
          code: 'does_not_fit',
          message: 'ResNet-8 needs images of at least 8 x 8 pixels; these have 7 x 7',
        },
      ],
    })
    const chain = (augment: unknown, mix: unknown = 'none') =>
      api.refusal('mutation', 'job.submit', { versionId, spec: { ...smallSpec, augment, mix } })
    expect(await chain(['crop', 'cutoff'])).toMatchObject({
      issues: [{ path: 'spec.augment[1]', fix: expect.stringContaining('"cutout"') as string }],
    })
    expect(await chain([{ op: 'crop', pad: 2 }])).toMatchObject({
      issues: [{ path: 'spec.augment[0].pad', message: 'Unknown key "pad"' }],
    })
    expect(await chain([{ op: 'cutout', size: 0 }])).toMatchObject({
      issues: [{ path: 'spec.augment[0].size', fix: 'Use at least 1' }],
    })
    expect(await chain(['augmix', 'flip'])).toMatchObject({
      issues: [{ path: 'spec.augment[0]', message: expect.stringContaining('last step') as string }],
    })
    expect(await chain(['crop'], { op: 'mixup', alpha: 0 })).toMatchObject({
      issues: [{ path: 'spec.mix.alpha', fix: 'Use more than 0' }],
    })
    expect(
      await api.refusal('mutation', 'job.submit', {
        versionId,
        spec: { network: 'vgg', schedule: { kind: 'spiral' }, epochs: 0 },
      }),
    ).toMatchObject({
      code: 'BAD_INPUT',
      issues: expect.arrayContaining([
        expect.objectContaining({ path: 'spec.network', fix: expect.stringContaining('"resnet8"') as string }),
        expect.objectContaining({ path: 'spec.epochs', fix: 'Use at least 1' }),
      ]) as unknown[],
    })
    for (const [spec, path] of [
      [{ optimizer: { kind: 'adam', momentum: 0.9 } }, 'spec.optimizer'],
      [{ validation: { images: 5, fraction: 0.1 } }, 'spec.validation.fraction'],
      [{ validation: { patience: 3 } }, 'spec.validation.fraction'],
      [{ validation: { part: 'given', fraction: 0.1 } }, 'spec.validation.fraction'],
      [{ semiSupervised: { method: 'fixmatch' } }, 'spec.semiSupervised'],
      [{ semiSupervised: { method: 'pi-model', from: ['left-over', 'left-over'] } }, 'spec.semiSupervised.from'],
    ] as const)
      expect(await api.refusal('mutation', 'job.submit', { versionId, spec: { ...smallSpec, ...spec } })).toMatchObject(
        { code: 'BAD_INPUT', issues: [{ path: expect.stringContaining(path) as string }] },
      )
    expect((await api.query<{ items: unknown[] }>('job.list', { versionId, state: 'failed' })).items).toEqual([])
  })

  it('reduce a batch size above the number of training images to that number, and say so', async () => {
    expect((await submit({ batchSize: 128 })).spec.batchSize).toBe(60)
    expect((await submit({ batchSize: 128, trainImages: 10 })).spec.batchSize).toBe(10)
    expect((await submit({ batchSize: 60 })).spec.batchSize).toBe(60)
    expect((await submit({ batchSize: 60, validation: { fraction: 0.2 } })).spec.batchSize).toBe(48)
  })

  it('are found by kind, state and version', async () => {
    const { versionId: other } = await makeVersion(api, { datasetName: 'listed' })
    const jobs = [1, 2, 3].map((seed) =>
      api.mutate<TrainJob>('job.submit', { versionId: other, spec: { ...smallSpec, seed } }),
    )
    const ids = (await Promise.all(jobs)).map(({ id }) => id)
    await api.mutate('job.cancel', { jobId: ids[1] })
    const list = async (filter: object) =>
      (await api.query<{ items: { id: string }[] }>('job.list', filter)).items.map(({ id }) => id).sort()
    expect(await list({ versionId: other, kind: 'train' })).toEqual([...ids].sort())
    expect(await list({ versionId: other, kind: 'train', state: 'queued' })).toEqual([ids[0], ids[2]].sort())
    expect(await list({ versionId: other, state: 'canceled' })).toEqual([ids[1]])
    expect(await list({ versionId: other, kind: 'prepare' })).toHaveLength(1)
  })

  it('can be asked to stop while they run, gracefully and then at once', async () => {
    const job = await submit()
    const { fence } = await startJob(api, job.id)
    expect(await api.mutate('job.cancel', { jobId: job.id })).toMatchObject({
      state: 'running',
      cancelRequested: 'graceful',
    })
    expect(await api.mutate('job.cancel', { jobId: job.id })).toMatchObject({ cancelRequested: 'graceful' })
    expect(await api.mutate('job.cancel', { jobId: job.id, mode: 'now' })).toMatchObject({ cancelRequested: 'now' })
    expect(await api.mutate('job.cancel', { jobId: job.id, mode: 'graceful' })).toMatchObject({
      cancelRequested: 'now',
    })
    await end(api, fence, 'canceled')
    const ended = await api.query('job.get', { jobId: job.id })
    expect(ended).toMatchObject({ state: 'canceled' })
    expect(await api.mutate('job.cancel', { jobId: job.id })).toEqual(ended)
  })

  it('stream their events, each once and in order, to a reader that loses its connection again and again', async () => {
    const job = await submit()
    const { fence } = await startJob(api, job.id)
    const total = 400
    const writing = (async () => {
      for (let line = 2; line < total; line += 7)
        await storeTrainerLines(
          api.dependencies.database,
          fence,
          Array.from({ length: Math.min(7, total - line) }, (_, i) => logLine(line + i)),
        )
      await end(api, fence, 'succeeded')
    })()
    const seen: JobEvent[] = []
    let cuts = 0
    while (seen.at(-1)?.event.type !== 'finished') {
      const cut = new AbortController()
      const stopAfter = 1 + ((seen.length * 7919) % 60)
      let read = 0
      for await (const event of await client(api).job.events.query(
        { jobId: job.id, after: seen.at(-1)?.number ?? 0 },
        { signal: cut.signal },
      )) {
        seen.push(event)
        if (++read >= stopAfter) {
          cuts++
          break
        }
      }
      cut.abort()
    }
    await writing
    expect(cuts).toBeGreaterThan(5)
    expect(seen.map(({ number }) => number)).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1))
    const messages = seen.flatMap(({ event }) => (event.type === 'log' ? [event.message] : []))
    expect(messages).toEqual(Array.from({ length: total - 2 }, (_, i) => `line ${i + 2}`))
    expect(seen.map(({ event }) => event.type).filter((type) => type !== 'log')).toEqual([
      'queued',
      'state',
      'state',
      'started',
      'finished',
    ])
    await until(() => followers(api).then((count) => count === 0))
  })

  it('stream their events to a hundred readers through one connection to the database', async () => {
    const job = await submit()
    const { fence } = await startJob(api, job.id)
    const readers = Array.from({ length: 100 }, async () => {
      const numbers: number[] = []
      for await (const { number } of await client(api).job.events.query({ jobId: job.id })) numbers.push(number)
      return numbers
    })
    await until(() => followers(api).then((count) => count === 100))
    for (let line = 2; line < 12; line++) await storeTrainerLines(api.dependencies.database, fence, [logLine(line)])
    const began = Date.now()
    await end(api, fence, 'succeeded')
    const all = await Promise.all(readers)
    expect(Date.now() - began).toBeLessThan(8_000) // woken, not by looking again every 10 s
    expect(new Set(all.map((numbers) => numbers.join())).size).toBe(1)
    expect(all[0]).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
    await until(() => followers(api).then((count) => count === 0))
  })

  it('have no events where there is no job', async () => {
    await expect(client(api).job.events.query({ jobId: 'job_aaaaaaaaaaaaaaaaaaaa' })).rejects.toMatchObject({
      data: { imclr: { code: 'NOT_FOUND' } },
    })
  })

  it('end a stream that does not follow or asks for the past, and every stream when the service stops', async () => {
    const job = await submit()
    const numbers = async (input: object) => {
      const found: number[] = []
      for await (const { number } of await client(api).job.events.query({ jobId: job.id, ...input })) found.push(number)
      return found
    }
    expect(await numbers({ follow: false })).toEqual([1])
    expect(await numbers({ follow: false, after: 1 })).toEqual([])
    const following = numbers({ after: 1 })
    await until(() => followers(api).then((count) => count === 1))
    await api.restart()
    expect(await following).toEqual([])
  })
})

const logLine = (number: number) => ({
  number,
  event: { type: 'log', level: 'info', message: `line ${number}` } as const,
})

const end = (api: TestApi, fence: Fence, state: 'succeeded' | 'canceled') =>
  finishJob(api.dependencies.database, fence, {
    state,
    failure: null,
    endedEarly: null,
    result: null,
    secondsSpent: 1,
    leftovers: [],
    log: null,
  })

/** A client as the SDK is one: streams over HTTP. */
const client = ({ url, key }: TestApi) =>
  createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url: `${url}/trpc`, headers: { authorization: `Bearer ${key}` } })],
  })

async function followers({ url }: TestApi): Promise<number> {
  return Number(/^imclr_event_streams (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1])
}
