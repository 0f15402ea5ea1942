import { join } from 'node:path'
import { schema } from '@imclr/database'
import { processRunner, type Runner } from '@imclr/scheduler'
import { keys } from '@imclr/storage'
import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requirePart } from '../support/parts.js'
import { postgres } from '../support/postgres.js'
import { redis } from '../support/redis.js'
import { builtScheduler, protocolTrainer, spawnService, type ServiceProcess } from '../support/spawnService.js'
import { flawsOf, lossesOf, openWorkshop, type Workshop } from './workshop.js'

/**
 * Schedulers as processes of their own that are killed, frozen and started again; records in PostgreSQL, queue in
 * PostgreSQL or Redis.
 */
const epochs = 12
const slowly = 'ms=40' // about two seconds

describe.skipIf(!requirePart('postgres') || !requirePart('redis'))('scheduler processes', () => {
  let undisturbed: number[]
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  })

  const later = <T extends AsyncDisposable>(thing: T): T => {
    cleanups.push(async () => thing[Symbol.asyncDispose]())
    return thing
  }
  /** `schedulers` names their work folders. */
  async function open(
    queue: 'postgres' | 'redis' = 'postgres',
  ): Promise<{
    shop: Workshop
    start: (name: string) => ServiceProcess
    launcherOf: (name: string) => ReturnType<Workshop['launcher']>
  }> {
    const database = later(await postgres())
    const queueUrl = queue === 'redis' ? later(await redis()).url : database.url
    const shop = later(
      await openWorkshop({ database: () => ({ url: database.url }), queue: () => ({ url: queueUrl }) }),
    )
    const environment = {
      DATABASE_URL: database.url,
      QUEUE_URL: queueUrl,
      ...shop.storeVariables,
      IMCLR_TRAINER: protocolTrainer,
      PORT: '0',
      IMCLR_LEASE_SECONDS: '3',
      IMCLR_RECONCILE_SECONDS: '0.5',
      IMCLR_RETRY_SECONDS: '0.1',
      IMCLR_SUSPEND_GRACE_SECONDS: '5',
    }
    const folder = (name: string): string => join(shop.folder, name)
    const start = (name: string): ServiceProcess =>
      later(spawnService(builtScheduler, [], { ...environment, IMCLR_WORK_DIR: folder(name) }))
    const launcherOf = (name: string) => shop.launcher(folder(name))
    return { shop, start, launcherOf }
  }
  const inTraining = async (shop: Workshop, jobId: string) =>
    (await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)).runner as unknown as Runner

  beforeAll(async () => {
    const { shop, start } = await open()
    const scheduler = start('a')
    const jobId = await shop.train('undisturbed', { epochs })
    await shop.ended(jobId)
    undisturbed = lossesOf(await shop.events(jobId))
    expect(undisturbed).toHaveLength(epochs)
    expect(await scheduler.end('SIGTERM')).toBe(0)
  })

  it('adopts a running trainer after kill -9: no event is lost or doubled', async () => {
    const { shop, start, launcherOf } = await open()
    const first = start('a')
    const jobId = await shop.train(slowly, { epochs })
    const runner = await inTraining(shop, jobId)
    await first.end('SIGKILL')
    const before = await shop.job(jobId)
    expect(await launcherOf('a').isRunning(runner)).toBe(true)
    start('a')
    const job = await shop.ended(jobId)
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1, failedAttempts: 0 })
    expect(before.state).toBe('running')
    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events)).toEqual(undisturbed)
    expect(events.flatMap(({ event }) => (event.type === 'started' ? [event] : []))).toHaveLength(1)
    // Every step of every epoch was told exactly once.
    expect(
      events.flatMap(({ event }) => (event.type === 'progress' && event.phase === 'training' ? [event.done] : [])),
    ).toEqual(Array.from({ length: epochs * 4 }, (_, index) => index + 1))
  })

  it('records the result of a trainer that ended while no scheduler ran', async () => {
    const { shop, start, launcherOf } = await open()
    const first = start('a')
    const jobId = await shop.train('ms=20', { epochs })
    const runner = await inTraining(shop, jobId)
    await first.end('SIGKILL')
    await expect.poll(() => launcherOf('a').isRunning(runner), { timeout: 20_000 }).toBe(false)
    start('a')
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(lossesOf(await shop.events(jobId))).toEqual(undisturbed)
  })

  it('continues from the checkpoint when scheduler and trainer were killed together', async () => {
    const { shop, start, launcherOf } = await open()
    const first = start('a')
    const jobId = await shop.train(slowly, { epochs })
    const runner = await inTraining(shop, jobId)
    first.signal('SIGKILL')
    await launcherOf('a').send(runner, 'kill')
    start('a')
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 1 })
    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events)).toEqual(undisturbed)
  })

  it('suspends on SIGTERM, ends with 0 and leaves no process', async () => {
    const { shop, start, launcherOf } = await open()
    const first = start('a')
    const jobId = await shop.train(slowly, { epochs })
    await inTraining(shop, jobId)
    expect(await first.end('SIGTERM')).toBe(0)
    expect(await shop.job(jobId)).toMatchObject({ state: 'queued', failedAttempts: 0 })
    expect(await launcherOf('a').list()).toEqual([])
    start('a')
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 0 })
    expect(lossesOf(await shop.events(jobId))).toEqual(undisturbed)
  })

  it('two share the work, and one continues the jobs of the other when its machine dies', async () => {
    const { shop, start, launcherOf } = await open('redis')
    const [first, second] = [start('a'), start('b')]
    const jobs: string[] = []
    for (let i = 0; i < 6; i++) jobs.push(await shop.train(slowly, { epochs }))
    const [one, two] = await Promise.all([0, 1].map((i) => inTraining(shop, jobs[i]!)))
    expect(new Set([one!, two!].map(({ data }) => processRunner.parse(data).folder.split('/').at(-3)))).toEqual(
      new Set(['a', 'b']),
    )
    // The machine of the first dies: scheduler and trainer at once, and its work folder is never seen again.
    first.signal('SIGKILL')
    for (const { runner } of await launcherOf('a').list()) await launcherOf('a').send(runner, 'kill')
    const ended = []
    for (const jobId of jobs) ended.push(await shop.until(jobId, ({ state }) => state === 'succeeded'))
    expect(ended.filter(({ attempt }) => attempt === 2)).toHaveLength(1)
    for (const { id } of ended) {
      expect(flawsOf(await shop.events(id))).toEqual([])
      expect(lossesOf(await shop.events(id))).toEqual(undisturbed)
    }
    expect(second.ended()).toBe(false)
  }, 120_000)

  it('one that was frozen finds its job taken when it wakes: its trainer is killed, its output is not registered', async () => {
    const { shop, start, launcherOf } = await open()
    const first = start('a')
    const jobId = await shop.train(slowly, { epochs: 100, limits: { maxSeconds: 600 } })
    const runner = await inTraining(shop, jobId)
    first.signal('SIGSTOP')
    start('b')
    await shop.until(jobId, ({ attempt, state }) => attempt === 2 && state === 'running')
    expect(await launcherOf('a').isRunning(runner)).toBe(true)
    first.signal('SIGCONT')
    await expect.poll(() => launcherOf('a').isRunning(runner), { timeout: 10_000 }).toBe(false)
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2 })
    const [model] = await shop.database.queries.select().from(schema.model).where(eq(schema.model.jobId, jobId))
    expect(model).toMatchObject({ prefix: keys.output(shop.projectId, jobId, 2) })
    const events = await shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    const attempts = events.map(({ attempt }) => attempt)
    expect(attempts).toEqual([...attempts].sort((a, b) => a - b)) // nothing of the first after the second began
  }, 90_000)
})
