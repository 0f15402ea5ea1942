import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeId, trainingSpec } from '@imclr/contract'
import { insertJob, storeTrainerLines, requestCancel, schema } from '@imclr/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trainingJobFile } from './trainingJobFile.js'
import { flawsOf, lossesOf, openWorkshop, type Workshop } from './workshop.js'

/** What a scheduler leaves when it closes or dies, and how the next one continues. */
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const started = async (jobId: string) =>
  (await shop.events(jobId)).flatMap(({ event }) => (event.type === 'started' ? [event.resumedFrom] : []))

describe('a scheduler that closes', () => {
  it('suspends its trainers; the next continues from their checkpoints and counts no failed attempt', async () => {
    const first = await shop.start({ slots: 2 })
    const jobs = [await shop.train('ms=50', { epochs: 25 }), await shop.train('ms=50', { epochs: 25, seed: 2 })]
    for (const jobId of jobs) await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
    await first.close()
    for (const jobId of jobs)
      expect(await shop.job(jobId)).toMatchObject({
        state: 'queued',
        attempt: 1,
        failedAttempts: 0,
        leaseOwner: null,
        runner: null,
      })
    expect(await shop.launcher().list()).toEqual([])
    const second = await shop.start({ slots: 2 })
    for (const jobId of jobs) {
      expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 0 })
      expect(flawsOf(await shop.events(jobId))).toEqual([])
      expect((await started(jobId))[1]).not.toBeNull()
    }
    await second.close()
    // What it takes in one go, for comparison.
    const third = await shop.start()
    const undisturbed = await shop.train('ms=1', { epochs: 25 })
    await shop.ended(undisturbed)
    expect(lossesOf(await shop.events(jobs[0]!))).toEqual(lossesOf(await shop.events(undisturbed)))
    await third.close()
  })

  it('is followed by one that first continues the jobs that had begun', async () => {
    const first = await shop.start()
    const begun = await shop.train('ms=50', { epochs: 25 })
    await shop.until(begun, ({ lastCheckpoint }) => lastCheckpoint !== null)
    const waiting = await shop.train('ms=1', { epochs: 1 })
    await first.close()
    const second = await shop.start()
    const [one, other] = [await shop.ended(begun), await shop.ended(waiting)]
    expect(one.attemptStartedAt!.getTime()).toBeLessThan(other.startedAt!.getTime())
    expect(one).toMatchObject({ state: 'succeeded', attempt: 2 })
    await second.close()
  })

  it('lets a job that is being cancelled keep its model after the restart', async () => {
    const first = await shop.start()
    const jobId = await shop.train('ms=20 finish=3000', { epochs: 1000 })
    await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
    await shop.database.transaction((tx) => requestCancel(tx, { projectId: shop.projectId, jobId, mode: 'graceful' }))
    await shop.until(jobId, ({ progress }) => progress?.phase === 'evaluating')
    await first.close()
    expect(await shop.job(jobId)).toMatchObject({ state: 'queued' })
    const second = await shop.start()
    expect(await shop.ended(jobId)).toMatchObject({ state: 'canceled', endedEarly: 'canceled', attempt: 2 })
    expect((await shop.job(jobId)).modelId).not.toBeNull()
    await second.close()
  })
})

describe('a scheduler that starts', () => {
  it('queues jobs that the queue has lost', async () => {
    const spec = trainingSpec.parse({ epochs: 1 })
    const jobId = makeId('job', randomBytes(20))
    const { datasetId, projectId } = await shop.job(await shop.prepare('x'))
    await shop.database.transaction((tx) =>
      insertJob(tx, {
        id: jobId,
        projectId,
        datasetId,
        kind: 'train',
        name: 'never queued',
        versionId: shop.versionId,
        spec,
        limits: spec.limits,
        queuedAt: new Date(),
      }),
    )
    await using _ = await closing(shop.start())
    expect((await shop.ended(jobId)).state).toBe('succeeded')
  })

  it('queues a job again that was claimed and never launched, and counts no failed attempt', async () => {
    const jobId = await shop.train('x', { epochs: 1 })
    await shop.database.queries
      .update(schema.job)
      .set({ state: 'starting', attempt: 1, leaseOwner: 'one that died', leaseUntil: new Date(0), outputPrefix: 'x/' })
      .where(eq(schema.job.id, jobId))
    await using _ = await closing(shop.start())
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 0 })
  })

  it('leaves jobs alone whose lease another scheduler has', async () => {
    const jobId = await shop.train('x', { epochs: 1 })
    const mine = {
      state: 'running',
      attempt: 1,
      leaseOwner: 'one that lives',
      leaseUntil: new Date(Date.now() + 60_000),
      outputPrefix: 'x/',
    } as const
    await shop.database.queries.update(schema.job).set(mine).where(eq(schema.job.id, jobId))
    await using scheduler = await closing(shop.start({ reconcileSeconds: 0.1 }))
    const other = await shop.train('y', { epochs: 1 })
    expect((await shop.ended(other)).state).toBe('succeeded')
    expect(await shop.job(jobId)).toMatchObject({ state: 'running', attempt: 1, leaseOwner: 'one that lives' })
    // Once the other's lease has run out, this scheduler adopts the job.
    await shop.database.queries
      .update(schema.job)
      .set({ leaseUntil: new Date(0) })
      .where(eq(schema.job.id, jobId))
    expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(await scheduler.metrics.registry.metrics()).toMatch(
      /imclr_scheduler_jobs_finished_total\{kind="train",state="succeeded"\} 2/,
    )
  })

  it('kills trainers of superseded attempts, and removes what they left', async () => {
    const workDir = join(shop.folder, 'work')
    const [jobId, attempt] = [await shop.train('ms=20', { epochs: 1000 }), 7]
    await shop.database.queries.update(schema.job).set({ state: 'failed' }).where(eq(schema.job.id, jobId))
    const launcher = shop.launcher()
    const job = trainingJobFile({ jobId, attempt, projectId: shop.projectId, name: 'ms=20', epochs: 1000 })
    const runner = await launcher.launch({ job, slot: 0 })
    expect(await launcher.list()).toEqual([{ jobId, attempt, runner }])
    await using _ = await closing(shop.start({ reconcileSeconds: 0.1 }))
    await expect.poll(() => launcher.isRunning(runner), { timeout: 5000 }).toBe(false)
    await expect.poll(() => existsSync(join(workDir, jobId)), { timeout: 5000 }).toBe(false)
  })

  it('is refused a work folder that a running scheduler has locked', async () => {
    await using _ = await closing(shop.start())
    await expect(shop.start()).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('a fence', () => {
  it('refuses the events of a superseded attempt', async () => {
    const jobId = await shop.train('x', { epochs: 1 })
    await shop.database.queries
      .update(schema.job)
      .set({ state: 'running', attempt: 2, leaseOwner: 'now', leaseUntil: new Date(Date.now() + 60_000) })
      .where(eq(schema.job.id, jobId))
    const line = { number: 1, event: { type: 'log', level: 'info', message: 'late' } as const }
    for (const fence of [
      { jobId, attempt: 1, owner: 'now' },
      { jobId, attempt: 2, owner: 'before' },
    ]) {
      await expect(storeTrainerLines(shop.database, fence, [line])).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    await storeTrainerLines(shop.database, { jobId, attempt: 2, owner: 'now' }, [line])
    // Read again after a crash: stored once
    await storeTrainerLines(shop.database, { jobId, attempt: 2, owner: 'now' }, [line])
    expect((await shop.events(jobId)).filter(({ event }) => event.type === 'log')).toHaveLength(1)
    await shop.database.queries.update(schema.job).set({ state: 'failed' }).where(eq(schema.job.id, jobId))
  })
})

async function closing<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T & AsyncDisposable> {
  const started = await starting
  return { ...started, [Symbol.asyncDispose]: () => started.close() }
}
