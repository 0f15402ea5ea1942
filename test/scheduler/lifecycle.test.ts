import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestCancel, schema } from '@imclr/database'
import { keys } from '@imclr/storage'
import { eq } from 'drizzle-orm'
import { flawsOf, lossesOf, openWorkshop, type Workshop } from './workshop.js'

/**
 * Jobs from the queue to their record, on PGlite and a folder store, with a trainer that keeps the protocol and
 * misbehaves as the job's name says.
 */
let shop: Workshop
let undisturbed: number[]

beforeAll(async () => {
  shop = await openWorkshop()
  const scheduler = await shop.start()
  const jobId = await shop.train('undisturbed')
  await shop.ended(jobId)
  undisturbed = lossesOf(await shop.events(jobId))
  await scheduler.close()
})
afterAll(() => shop[Symbol.asyncDispose]())

const cancel = (jobId: string, mode: 'graceful' | 'now') =>
  shop.database.transaction((tx) => requestCancel(tx, { projectId: shop.projectId, jobId, mode }))
const modelOf = async (jobId: string) =>
  (await shop.database.queries.select().from(schema.model).where(eq(schema.model.jobId, jobId)))[0]
const toCollect = async () => (await shop.database.queries.select().from(schema.collect)).map(({ prefix }) => prefix)
const typesOf = async (jobId: string) =>
  (await shop.events(jobId)).map(({ event }) =>
    event.type === 'state' || event.type === 'finished' ? `${event.type}:${event.state}` : event.type,
  )

describe('a job that succeeds', () => {
  it('registers a model with verified files, and its events tell every step', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('well', { epochs: 2 })
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      failedAttempts: 0,
      failure: null,
      endedEarly: null,
      leaseOwner: null,
      runner: null,
      lastCheckpoint: { epoch: 2, step: 8 },
    })
    const model = await modelOf(jobId)
    expect(model).toMatchObject({
      id: job.modelId,
      prefix: keys.output(shop.projectId, jobId, 1),
      versionId: shop.versionId,
      name: 'well',
      public: false,
    })
    expect(model!.bytes).toBeGreaterThan(64_000)

    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(events.length).toBe(job.lastEvent)
    const story = (await typesOf(jobId)).filter((type) => type !== 'progress')
    expect(story).toEqual([
      'queued',
      'state:starting',
      'state:running',
      'started',
      'epoch',
      'checkpoint',
      'epoch',
      'checkpoint',
      'evaluated',
      'output',
      'finished:succeeded',
    ])
    expect(await toCollect()).toContain(keys.checkpoints(shop.projectId, jobId))
    await scheduler.close()
  })

  it('makes a version of an upload, and for the same content the same version', async () => {
    const scheduler = await shop.start()
    const [first, second] = [
      await shop.prepare('x', { content: 'the same' }),
      await shop.prepare('x', { content: 'the same' }),
    ]
    const [one, two] = [await shop.ended(first), await shop.ended(second)]
    expect([one.state, two.state]).toEqual(['succeeded', 'succeeded'])
    expect(two.versionId).toBe(one.versionId)
    const rows = (await shop.database.queries.select().from(schema.version)).filter(({ id }) => id === one.versionId)
    expect(rows).toMatchObject([
      { prefix: keys.output(shop.projectId, first, 1), summary: { counts: { train: 8, test: 2, unlabelled: 0 } } },
    ])
    expect(await toCollect()).toEqual(
      expect.arrayContaining([
        keys.output(shop.projectId, second, 1),
        keys.uploadPrefix(shop.projectId, one.uploadId!),
        keys.uploadPrefix(shop.projectId, two.uploadId!),
      ]),
    )
    await scheduler.close()
  })

  it('prepares without a device while a training has the only slot; the next preparation says that it waits', async () => {
    const scheduler = await shop.start({ reconcileSeconds: 0.1 })
    const [training, behind] = [await shop.train('ms=50', { epochs: 1000 }), await shop.train('x', { epochs: 1 })]
    await shop.until(training, ({ state }) => state === 'running')
    const slow = await shop.prepare('do=hang at=1')
    const running = await shop.until(slow, ({ state }) => state === 'running')
    expect([(await shop.job(training)).runner?.slot, running.runner?.slot]).toEqual([0, null])
    const next = await shop.prepare('x')
    await shop.until(
      next,
      ({ waitingFor }) => waitingFor === 'Another data set is being prepared; it starts when that is done.',
    )
    await shop.until(
      behind,
      ({ waitingFor }) => waitingFor === 'All slots for trainers are taken; it starts when one is free.',
    )
    await cancel(slow, 'now')
    expect((await shop.ended(next)).state).toBe('succeeded')
    expect((await shop.job(training)).state).toBe('running')
    for (const jobId of [behind, training]) await cancel(jobId, 'now')
    await shop.ended(training)
    await scheduler.close()
  })

  it('dies: the end of what it wrote is kept with the job, without the notices of TensorFlow', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('do=explain at=2')
    await shop.ended(jobId)
    const logs = (await shop.events(jobId)).flatMap(({ event }) => (event.type === 'log' ? [event.message] : []))
    expect(logs.length).toBeGreaterThan(0)
    for (const message of logs) expect(message).toBe('TypeError: the reason')
    await scheduler.close()
  })

  it('writes lines that are not events: each becomes a warning, and nothing is lost', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('do=garbage at=2')
    expect((await shop.ended(jobId)).state).toBe('succeeded')
    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events)).toEqual(undisturbed)
    expect(events.filter(({ event }) => event.type === 'log' && event.level === 'warn')).toHaveLength(2)
    await scheduler.close()
  })
})

describe('an evaluation', () => {
  it('keeps its verified files with the job and does not change the model', async () => {
    const scheduler = await shop.start()
    const trained = await shop.train('to be evaluated', { epochs: 1 })
    await shop.ended(trained)
    const model = (await modelOf(trained))!
    const jobId = await shop.evaluate(model.id)
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({
      state: 'succeeded',
      modelId: model.id,
      versionId: shop.versionId,
      outputPrefix: keys.output(shop.projectId, jobId, 1),
      failure: null,
    })
    expect((await shop.events(jobId)).at(-1)!.event).toMatchObject({
      type: 'finished',
      state: 'succeeded',
      modelId: null,
      versionId: null,
    })
    expect(await shop.store.head(`${job.outputPrefix}report.json`)).not.toBeNull()
    expect(await toCollect()).not.toContain(keys.output(shop.projectId, jobId, 1))
    expect(await shop.database.queries.select().from(schema.model).where(eq(schema.model.id, model.id))).toEqual([
      model,
    ])
    await scheduler.close()
  })

  it.each(['corrupt', 'foreign'])('is tried again where its output is %s, and is not kept', async (what) => {
    const scheduler = await shop.start()
    const trained = await shop.train('well', { epochs: 1 })
    await shop.ended(trained)
    const model = (await modelOf(trained))!
    await shop.database.queries
      .update(schema.model)
      .set({ name: `do=${what}` })
      .where(eq(schema.model.id, model.id))
    const jobId = await shop.evaluate(model.id)
    expect(await shop.ended(jobId)).toMatchObject({
      state: 'failed',
      attempt: 2,
      failure: { code: 'ARTIFACT_INVALID' },
    })
    expect(await toCollect()).toEqual(
      expect.arrayContaining([1, 2].map((attempt) => keys.attempt(shop.projectId, jobId, attempt))),
    )
    await scheduler.close()
  })
})

describe('a job that fails', () => {
  it("is not tried again where the fault is the user's", async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('do=fail:LOSS_NOT_FINITE')
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({
      state: 'failed',
      attempt: 1,
      failure: { code: 'LOSS_NOT_FINITE', message: 'as it was told, in epoch 2' },
      modelId: null,
    })
    expect(await toCollect()).not.toContain(keys.checkpoints(shop.projectId, jobId))
    await scheduler.close()
  })

  it('continues from its checkpoint after a fault of the machine, with the same losses as without', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('do=kill at=3 attempts=2')
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'succeeded', attempt: 3, failedAttempts: 2, failure: null })
    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events)).toEqual(undisturbed)
    expect(events.filter(({ event }) => event.type === 'retry').map(({ event }) => event)).toMatchObject([
      { failure: { code: 'TRAINER_DIED' }, attempt: 2, of: 5 },
      { failure: { code: 'TRAINER_DIED' }, attempt: 3, of: 5 },
    ])
    expect(events.flatMap(({ event }) => (event.type === 'started' ? [event.resumedFrom] : []))).toEqual([
      null,
      { epoch: 2, step: 8 },
      { epoch: 2, step: 8 },
    ])
    await scheduler.close()
  })

  it.each([
    ['exit:41', 'STORE_UNAVAILABLE'],
    ['exit:99', 'TRAINER_DIED'],
    ['kill', 'TRAINER_DIED'],
    ['half', 'TRAINER_DIED'],
    ['missing', 'ARTIFACT_INVALID'],
    ['corrupt', 'ARTIFACT_INVALID'],
    ['foreign', 'ARTIFACT_INVALID'],
  ])('ends with the last failure when no attempt is left (%s: %s), without a model', async (what, code) => {
    const scheduler = await shop.start()
    const jobId = await shop.train(`do=${what}`, { epochs: 2, limits: { maxAttempts: 2 } })
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'failed', attempt: 2, failure: { code }, modelId: null })
    expect(await modelOf(jobId)).toBeUndefined()
    expect(flawsOf(await shop.events(jobId))).toEqual([])
    expect(await toCollect()).toEqual(
      expect.arrayContaining([keys.attempt(shop.projectId, jobId, 1), keys.attempt(shop.projectId, jobId, 2)]),
    )
    await scheduler.close()
  })

  it('says after each attempt whether another follows and from where', async () => {
    const scheduler = await shop.start()
    const trained = await shop.train('do=kill at=3', { limits: { maxAttempts: 2 } })
    const prepared = await shop.prepare('do=kill')
    const hints = async (jobId: string) =>
      (await shop.events(jobId)).flatMap(({ event }) =>
        event.type === 'retry' || event.type === 'finished' ? [event.failure!.hint] : [],
      )
    expect(await shop.ended(trained)).toMatchObject({
      state: 'failed',
      failure: { code: 'TRAINER_DIED', hint: expect.stringContaining('no other follows') as string },
    })
    expect(await hints(trained)).toEqual([
      expect.stringContaining(
        '1 of 2 attempts (limits.maxAttempts) has failed; the next one goes on from the last checkpoint',
      ),
      expect.stringContaining('2 of 2 attempts (limits.maxAttempts) have failed; no other follows'),
    ])
    expect(await shop.ended(prepared)).toMatchObject({ state: 'failed', attempt: 5 })
    const ofPreparing = await hints(prepared)
    expect(ofPreparing).toEqual([
      ...[1, 2, 3, 4].map(() => expect.stringContaining('the next one begins anew') as string),
      expect.stringContaining('no other follows'),
    ])
    expect(ofPreparing.join()).not.toContain('checkpoint')
    await scheduler.close()
  })

  it('is killed as stalled where its trainer writes nothing, and is tried again', async () => {
    const scheduler = await shop.start({ stallSeconds: 5 })
    const jobId = await shop.train('do=hang at=2 attempts=1')
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(
      (await shop.events(jobId)).flatMap(({ event }) => (event.type === 'retry' ? [event.failure.code] : [])),
    ).toEqual(['TRAINER_STALLED'])
    await scheduler.close()
  })

  it('says so where its data are gone', async () => {
    const jobId = await shop.prepare('x')
    await shop.database.queries
      .update(schema.job)
      .set({ uploadId: 'upl_thatwasremoved' })
      .where(eq(schema.job.id, jobId))
    const scheduler = await shop.start()
    expect(await shop.ended(jobId)).toMatchObject({ state: 'failed', attempt: 1, failure: { code: 'NOT_FOUND' } })
    await scheduler.close()
  })
})

describe('a job that is cancelled or out of time', () => {
  it('is canceled at once while it waits', async () => {
    const scheduler = await shop.start()
    const [busy, waiting] = [await shop.train('ms=50'), await shop.train('never runs')]
    await shop.until(busy, ({ state }) => state === 'running')
    await cancel(waiting, 'graceful')
    expect(await shop.ended(waiting)).toMatchObject({ state: 'canceled', attempt: 0, startedAt: null })
    expect((await shop.job(busy)).state).toBe('running')
    expect(await typesOf(waiting)).toEqual(['queued', 'finished:canceled'])
    await shop.ended(busy)
    await scheduler.close()
  })

  it('leaves its archive to be collected where it waits to be prepared', async () => {
    const jobId = await shop.prepare('x')
    await cancel(jobId, 'now')
    const scheduler = await shop.start()
    expect(await shop.ended(jobId)).toMatchObject({ state: 'canceled', attempt: 0 })
    expect(await toCollect()).toContain(keys.uploadPrefix(shop.projectId, (await shop.job(jobId)).uploadId!))
    await scheduler.close()
  })

  it('keeps a model of what it reached after a graceful cancel', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('ms=30', { epochs: 1000 })
    await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
    await cancel(jobId, 'graceful')
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'canceled', endedEarly: 'canceled', failure: null })
    expect(await modelOf(jobId)).toMatchObject({ id: job.modelId, endedEarly: 'canceled' })
    expect(await toCollect()).not.toContain(keys.checkpoints(shop.projectId, jobId))
    await scheduler.close()
  })

  it('is canceled without a model after a cancel now, once its trainer has ended', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('ms=30 do=deaf', { epochs: 1000 })
    const { runner } = await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
    await cancel(jobId, 'graceful')
    await cancel(jobId, 'now')
    expect(await shop.ended(jobId)).toMatchObject({ state: 'canceled', endedEarly: null, modelId: null })
    expect(await shop.launcher().isRunning(runner as never)).toBe(false)
    expect(await shop.launcher().list()).toEqual([])
    await scheduler.close()
  })

  it('keeps a model when its time is up', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('ms=30', { epochs: 1000, limits: { maxSeconds: 1 } })
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'timed_out', endedEarly: 'time_limit', failure: { code: 'TIME_LIMIT' } })
    expect(job.secondsSpent).toBeGreaterThanOrEqual(1)
    expect(await modelOf(jobId)).toMatchObject({ endedEarly: 'time_limit' })
    await scheduler.close()
  })

  it('ends at once and names the limit where it is a preparation, and is not tried again', async () => {
    const scheduler = await shop.start({ stopGraceSeconds: 2 })
    const told = await shop.ended(await shop.prepare('ms=1200', { maxSeconds: 1 }))
    const stuck = await shop.ended(await shop.prepare('do=hang at=1', { maxSeconds: 1 }))
    for (const job of [told, stuck]) {
      expect(job).toMatchObject({
        state: 'timed_out',
        attempt: 1,
        failedAttempts: 0,
        failure: { code: 'TIME_LIMIT', message: expect.stringContaining('longer than 1 seconds') as string },
      })
    }
    await scheduler.close()
  })

  it('is killed after the grace where its trainer ignores the command to stop', async () => {
    const scheduler = await shop.start({ stopGraceSeconds: 0.5 })
    const jobId = await shop.train('ms=30 do=deaf', { epochs: 1000, limits: { maxSeconds: 1 } })
    expect(await shop.ended(jobId)).toMatchObject({
      state: 'timed_out',
      endedEarly: null,
      modelId: null,
      failure: { code: 'TIME_LIMIT' },
    })
    await scheduler.close()
  })

  it('has succeeded where the cancel comes while it finishes', async () => {
    const scheduler = await shop.start()
    const jobId = await shop.train('finish=400', { epochs: 1 })
    await shop.until(jobId, ({ progress }) => progress?.phase === 'evaluating')
    await cancel(jobId, 'graceful')
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', endedEarly: null, cancelRequested: 'graceful' })
    await scheduler.close()
  })
})
