import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingSpec, type TrainerEvent } from '@imclr/contract'
import {
  cancelQueued,
  claimIdempotency,
  claimJob,
  deleteVersions,
  findIdempotency,
  findJob,
  finishJob,
  insertProject,
  jobInputs,
  listEvents,
  listJobs,
  listQueued,
  notify,
  openDatabase,
  queuePosition,
  referencesToVersions,
  renewLease,
  requestCancel,
  requeueJob,
  schema,
  storeAnswer,
  storeRunner,
  storeTrainerLines,
  takeLease,
  type Database,
  type Finish,
  type JobRow,
  type StoredVersionSummary,
} from '@imclr/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requirePart } from '../support/parts.js'
import { postgres } from '../support/postgres.js'
import { eventually, until } from '../support/eventually.js'
import { aJob, aProject, newId, outputPrefix } from './rows.js'

/**
 * The same records in PGlite and in PostgreSQL. `open` opens them once more, as another process would; PGlite has only
 * the one.
 */
interface Place extends AsyncDisposable {
  database: Database
  open(): Promise<Database>
  /** Whether transactions can be open at the same time; PGlite has one connection. */
  overlapping: boolean
}

async function pglitePlace(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), 'imclr-database-'))
  const database = await openDatabase({ pgliteDir: join(root, 'pg') })
  return {
    database,
    open: async () => ({ ...database, close: async () => {} }),
    overlapping: false,
    async [Symbol.asyncDispose]() {
      await database.close()
      rmSync(root, { recursive: true })
    },
  }
}

async function postgresPlace(): Promise<Place> {
  const server = await postgres()
  // Processes that start together on an empty database.
  const [database, ...others] = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url: server.url })))
  await Promise.all(others.map((other) => other.close()))
  return {
    database: database!,
    open: () => openDatabase({ url: server.url }),
    overlapping: true,
    async [Symbol.asyncDispose]() {
      await database!.close()
      await server.drop()
    },
  }
}

const log = (message: string, once?: string): TrainerEvent => ({ type: 'log', level: 'info', message, once })
const superseded = { code: 'CONFLICT' }
const failed: Finish = {
  state: 'failed',
  failure: null,
  endedEarly: null,
  result: null,
  secondsSpent: 1,
  log: null,
  leftovers: [],
}

const places = [
  { name: 'PGlite', here: () => true, make: pglitePlace },
  { name: 'PostgreSQL', here: () => requirePart('postgres'), make: postgresPlace },
]

describe.each(places)('the database in $name', ({ here, make }) => {
  describe.skipIf(!here())('', () => {
    let place: Place
    let database: Database
    let projectId: string
    beforeAll(async () => {
      place = await make()
      database = place.database
      projectId = await aProject(database)
    })
    afterAll(async () => place[Symbol.asyncDispose]())

    const claim = (jobId: string, owner: string, leaseSeconds = 60, on = database): Promise<JobRow | null> =>
      claimJob(on, { jobId, owner, leaseSeconds, outputPrefix })
    const eventsOf = (jobId: string) => listEvents(database.queries, { jobId, after: 0, limit: 10_000 })

    it('answers, and undoes a transaction that fails', async () => {
      await database.check()
      const id = newId('prj')
      await expect(
        database.transaction(async (tx) => {
          await insertProject(tx, { id, name: id })
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await database.transaction((tx) => insertProject(tx, { id, name: id }))).toMatchObject({ id })
      expect(await insertProject(database.queries, { id: newId('prj'), name: id })).toBeUndefined()
    })

    it('notifies each of 100 listeners once, and only of what was committed', async () => {
      const other = await place.open()
      const heard: string[] = []
      const stops = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          other.listen('job', (payload) => {
            heard.push(`${i} ${payload}`)
          }),
        ),
      )
      await database
        .transaction(async (tx) => {
          await notify(tx, 'job', 'undone')
          throw new Error('no')
        })
        .catch(() => {})
      await database.transaction(async (tx) => {
        await notify(tx, 'job', 'done')
      })
      await until(() => heard.length >= 100)
      await database.notify('job', 'last')
      await until(() => heard.length >= 200)
      expect(heard.filter((line) => line.endsWith('undone'))).toEqual([])
      expect(new Set(heard).size).toBe(200)
      await Promise.all(stops.slice(1).map((stop) => stop()))
      await database.notify('job', 'only the first')
      await until(() => heard.includes('0 only the first'))
      await stops[0]?.()
      await database.notify('job', 'nobody')
      await database.check()
      expect(heard.length).toBe(201)
      await other.close()
    })

    it('gives a job to one of many schedulers that claim it', async () => {
      const row = await aJob(database, projectId)
      const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claim(row.id, `scheduler ${i}`)))
      const won = claims.filter((one) => one !== null)
      expect(won.length).toBe(1)
      expect(won[0]).toMatchObject({
        state: 'starting',
        attempt: 1,
        lastEvent: 2,
        outputPrefix: outputPrefix({ projectId, id: row.id, attempt: 1 }),
      })
    })

    it('numbers events without gaps whoever appends them, drops lines that are stored already, and stores the position with the events', async () => {
      const { id: jobId } = await aJob(database, projectId)
      await claim(jobId, 'me')
      const fence = { jobId, attempt: 1, owner: 'me' }
      const other = await place.open()
      // Two followers of the same file, each from the beginning, in steps of their own.
      const lines = Array.from({ length: 200 }, (_, i) => ({ number: i + 1, event: log(`line ${i + 1}`) }))
      const follow = async (on: Database, step: number) => {
        for (let at = 0; at < lines.length; at += step) await storeTrainerLines(on, fence, lines.slice(at, at + step))
      }
      await Promise.all([follow(database, 7), follow(other, 3)])
      const events = await eventsOf(jobId)
      expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1))
      expect(events.flatMap(({ event }) => (event.type === 'log' ? [event.message] : []))).toEqual(
        lines.map(({ event }) => event.type === 'log' && event.message),
      )
      expect(events.slice(0, 3).map(({ event }) => event.type)).toEqual(['queued', 'state', 'state'])
      expect(await findJob(database.queries, { projectId, jobId })).toMatchObject({
        state: 'running',
        eventsPosition: 200,
        lastEvent: 203,
      })
      await other.close()
    })

    it('stores an event with a name once per job, also across attempts', async () => {
      const { id: jobId } = await aJob(database, projectId)
      await claim(jobId, 'me')
      await storeTrainerLines(
        database,
        { jobId, attempt: 1, owner: 'me' },
        [log('one', 'epoch-1'), log('one again', 'epoch-1'), log('two', 'epoch-2')].map((event, i) => ({
          number: i + 1,
          event,
        })),
      )
      await requeueJob(
        database,
        { jobId, attempt: 1, owner: 'me' },
        { failure: null, delaySeconds: 0, secondsSpent: 2, reason: 'suspended', log: null },
      )
      await claim(jobId, 'you')
      await storeTrainerLines(
        database,
        { jobId, attempt: 2, owner: 'you' },
        [log('two', 'epoch-2'), log('three', 'epoch-3')].map((event, i) => ({ number: i + 1, event })),
      )
      const events = await eventsOf(jobId)
      expect(
        events.flatMap(({ event, attempt }) => (event.type === 'log' ? [`${attempt} ${event.message}`] : [])),
      ).toEqual(['1 one', '1 two', '2 three'])
      expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1))
      expect((await listEvents(database.queries, { jobId, after: 3, limit: 2 })).map(({ number }) => number)).toEqual([
        4, 5,
      ])
    })

    it('refuses every write of a superseded attempt, of another owner, and after the end', async () => {
      const { id: jobId } = await aJob(database, projectId)
      await claim(jobId, 'old')
      const old = { jobId, attempt: 1, owner: 'old' }
      await requeueJob(database, old, {
        failure: null,
        delaySeconds: 0,
        secondsSpent: 1,
        reason: 'suspended',
        log: null,
      })
      await claim(jobId, 'new')
      const current = { jobId, attempt: 2, owner: 'new' }
      const before = await eventsOf(jobId)
      for (const fence of [old, { ...current, attempt: 1 }, { ...current, owner: 'old' }, { ...current, attempt: 3 }]) {
        await expect(storeTrainerLines(database, fence, [{ number: 1, event: log('x') }])).rejects.toMatchObject(
          superseded,
        )
        await expect(storeRunner(database, fence, {})).rejects.toMatchObject(superseded)
        await expect(finishJob(database, fence, failed)).rejects.toMatchObject(superseded)
        await expect(
          requeueJob(database, fence, { failure: null, delaySeconds: 0, secondsSpent: 1, reason: '', log: null }),
        ).rejects.toMatchObject(superseded)
        expect(await renewLease(database, fence, 60)).toBeNull()
      }
      expect(await eventsOf(jobId)).toEqual(before)
      await finishJob(database, current, failed)
      await expect(storeTrainerLines(database, current, [{ number: 1, event: log('x') }])).rejects.toMatchObject(
        superseded,
      )
      await expect(finishJob(database, current, failed)).rejects.toMatchObject(superseded)
      expect(await claim(jobId, 'new')).toBeNull()
      expect((await eventsOf(jobId)).at(-1)?.event).toMatchObject({ type: 'finished', state: 'failed' })
    })

    it('gives a trainer a stored spec with defaults for fields that it lacks, and refuses one that is wrong', async () => {
      const versionId = `ver_${newId('job').slice(4)}`
      const summary = {} as StoredVersionSummary // nothing reads it here
      await database.queries
        .insert(schema.version)
        .values({ id: versionId, projectId, prefix: 'v/', summary, bytes: 1 })
      const { id: jobId } = await aJob(database, projectId, { versionId })
      const inputsWith = async (spec: unknown) => {
        await database.queries.update(schema.job).set({ spec }).where(eq(schema.job.id, jobId))
        return jobInputs(database, (await findJob(database.queries, { projectId, jobId }))!)
      }
      expect(await inputsWith({ epochs: 3 })).toMatchObject({
        versionPrefix: 'v/',
        spec: trainingSpec.parse({ epochs: 3 }),
      })
      for (const wrong of [{ epochs: 'three' }, { noSuchField: 1 }, null])
        await expect(inputsWith(wrong)).rejects.toMatchObject({
          code: 'INTERNAL',
          message: expect.stringContaining(`spec of job ${jobId}`) as string,
        })
    })

    it('leaves a lease with its owner until it expires, then gives it to one of many schedulers', async () => {
      const { id: jobId } = await aJob(database, projectId)
      await claim(jobId, 'first', 60)
      expect(await takeLease(database, { jobId, attempt: 1, owner: 'second' }, 60)).toBeNull()
      expect(await takeLease(database, { jobId, attempt: 1, owner: 'first' }, 0.05)).not.toBeNull()
      const takers = await eventually(
        () => Promise.all(['a', 'b', 'c', 'd'].map((owner) => takeLease(database, { jobId, attempt: 1, owner }, 60))),
        (rows) => rows.some((row) => row !== null),
      )
      expect(takers.filter((row) => row !== null).length).toBe(1)
      expect(await renewLease(database, { jobId, attempt: 1, owner: 'first' }, 60)).toBeNull()
    })

    it('keeps a retry waiting until it is due', async () => {
      const { id: jobId } = await aJob(database, projectId)
      await claim(jobId, 'me')
      await requeueJob(
        database,
        { jobId, attempt: 1, owner: 'me' },
        {
          failure: { code: 'TRAINER_DIED', message: 'm', hint: 'h', retryable: true, issues: [] },
          delaySeconds: 0.3,
          secondsSpent: 5,
          reason: 'again',
          log: 'the end of its log',
        },
      )
      expect(await claim(jobId, 'me')).toBeNull()
      expect((await listQueued(database)).find(({ id }) => id === jobId)?.dueIn).toBeGreaterThan(0)
      const again = await eventually(
        () => claim(jobId, 'me'),
        (row) => row !== null,
      )
      expect(again).toMatchObject({ attempt: 2, failedAttempts: 1, secondsSpent: 5, queueEntry: 1 })
      expect((await eventsOf(jobId)).map(({ event }) => event.type)).toEqual([
        'queued',
        'state',
        'log',
        'retry',
        'state',
        'state',
      ])
    })

    it('cancels a waiting job at once, and tells the scheduler of a running one', async () => {
      const [waiting, working] = [await aJob(database, projectId), await aJob(database, projectId)]
      await claim(working.id, 'me')
      for (const { id: jobId } of [waiting, working])
        await database.transaction((tx) => requestCancel(tx, { projectId, jobId, mode: 'graceful' }))
      expect([
        await cancelQueued(database, waiting.id, () => []),
        await cancelQueued(database, waiting.id, () => []),
        await cancelQueued(database, working.id, () => []),
      ]).toEqual([true, false, false])
      expect(await claim(waiting.id, 'me')).toBeNull()
      expect(await renewLease(database, { jobId: working.id, attempt: 1, owner: 'me' }, 60)).toEqual({
        cancelRequested: 'graceful',
      })
      await database.transaction((tx) => requestCancel(tx, { projectId, jobId: working.id, mode: 'now' }))
      await database.transaction((tx) => requestCancel(tx, { projectId, jobId: working.id, mode: 'graceful' }))
      expect((await findJob(database.queries, { projectId, jobId: working.id }))?.cancelRequested).toBe('now')
      expect(
        await database.transaction((tx) =>
          requestCancel(tx, { projectId: newId('prj'), jobId: working.id, mode: 'now' }),
        ),
      ).toBeUndefined()
    })

    it('lists the newest first, page by page, each row once, though times are equal and rows come in between', async () => {
      const own = await aProject(database)
      const at = new Date('2026-01-01T00:00:00.123Z')
      const made: string[] = []
      for (let i = 0; i < 7; i++)
        made.push((await aJob(database, own, { createdAt: i < 5 ? at : new Date(at.getTime() + i) })).id)
      const seen: JobRow[] = []
      for (let before: { createdAt: Date; id: string } | null = null; ;) {
        const rows: JobRow[] = await listJobs(database.queries, { projectId: own, before, limit: 2 })
        seen.push(...rows)
        before = rows.at(-1) ?? null
        if (before === null) break
        await aJob(database, own)
      }
      expect(seen.map(({ id }) => id)).toEqual([made[6], made[5], ...made.slice(0, 5).sort().reverse()])
      expect(await listJobs(database.queries, { projectId: newId('prj'), before: null, limit: 10 })).toEqual([])
    })

    it('counts the position in the queue', async () => {
      const [early, late] = [
        await aJob(database, projectId, { queuedAt: new Date('2020-01-01') }),
        await aJob(database, projectId, { queuedAt: new Date('2020-01-02') }),
      ]
      expect([await queuePosition(database.queries, early), await queuePosition(database.queries, late)]).toEqual([
        1, 2,
      ])
      await claim(early.id, 'me')
      expect(await queuePosition(database.queries, late)).toBe(1)
      // One that has begun goes on before those that have not, whenever it came back; preparations are counted for
      // themselves.
      await requeueJob(
        database,
        { jobId: early.id, attempt: 1, owner: 'me' },
        { failure: null, delaySeconds: 0, secondsSpent: 5, reason: 'suspended', log: null },
      )
      const begun = (await findJob(database.queries, { projectId, jobId: early.id }))!
      expect(begun.queuedAt.getTime()).toBeGreaterThan(late.queuedAt.getTime())
      expect([await queuePosition(database.queries, begun), await queuePosition(database.queries, late)]).toEqual([
        1, 2,
      ])
      const preparation = await aJob(database, projectId, {
        kind: 'prepare',
        versionId: null,
        spec: null,
        queuedAt: new Date('2020-01-03'),
      })
      expect([await queuePosition(database.queries, preparation), await queuePosition(database.queries, late)]).toEqual(
        [1, 2],
      )
      const order = (await listQueued(database))
        .map(({ id }) => id)
        .filter((id) => [early.id, late.id, preparation.id].includes(id))
      expect(order).toEqual([preparation.id, early.id, late.id])
    })

    it('lets one of several requests with the same key do the work: the others wait and find its answer, and one that fails leaves the key free', async () => {
      const asked = { projectId, key: `key-${newId('key')}`, route: 'job.submit', bodySha256: 'ab' }
      let asking = 0
      const create = async (on: Database, answer: string) =>
        on.transaction(async (tx) => {
          asking++
          if (!(await claimIdempotency(tx, asked))) return (await findIdempotency(tx, asked))?.answer
          // The one that failed, and all four
          if (place.overlapping && answer !== 'fails') await until(() => asking === 5)
          if (answer === 'fails') throw new Error('no')
          await storeAnswer(tx, { ...asked, answer })
          return answer
        })
      await expect(create(database, 'fails')).rejects.toThrow('no')
      const other = await place.open()
      const answers = await Promise.all(
        ['a', 'b', 'c', 'd'].map((answer, i) => create(i % 2 ? other : database, answer)),
      )
      expect(new Set(answers).size).toBe(1)
      expect(await findIdempotency(database.queries, { ...asked, projectId: newId('prj') })).toBeUndefined()
      await other.close()
    })

    it('makes the same content one version, and lists what refers to it', async () => {
      const id = `ver_${newId('ds').slice(3)}`
      const summary = {
        classes: ['a', 'b'],
        picture: { height: 8, width: 8, fit: 'crop', kernel: 'lanczos3' },
        counts: { train: 1, validation: 0, test: 1, unlabelled: 0 },
        perClass: { train: [1, 0], validation: [0, 0], test: [0, 1] },
        format: 'folders',
        testWasGiven: true,
        removedDuplicateCount: 0,
        nearDuplicateCount: 0,
        skippedCount: 0,
        notes: [],
      } as const
      const prefixes: string[] = []
      for (const name of ['first', 'second']) {
        const datasetId = newId('ds')
        await database.queries.insert(schema.dataset).values({ id: datasetId, projectId, name: `${name} ${datasetId}` })
        const { id: jobId } = await aJob(database, projectId, { kind: 'prepare', datasetId, versionId: null })
        prefixes.push((await claim(jobId, 'me'))?.outputPrefix ?? '')
        await finishJob(
          database,
          { jobId, attempt: 1, owner: 'me' },
          {
            ...failed,
            state: 'succeeded',
            result: {
              kind: 'version',
              id,
              summary: {
                ...summary,
                classes: [...summary.classes],
                notes: [],
                perClass: { train: [1, 0], validation: [0, 0], test: [0, 1] },
              },
              bytes: 7,
            },
          },
        )
      }
      const stored = await database.queries
        .select({ id: schema.version.id, prefix: schema.version.prefix })
        .from(schema.version)
      expect(stored.filter((row) => row.id === id)).toEqual([{ id, prefix: prefixes[0] }])
      const collectable = async () => (await database.queries.select().from(schema.collect)).map(({ prefix }) => prefix)
      expect(await collectable()).toContain(prefixes[1])
      expect(await collectable()).not.toContain(prefixes[0])
      const training = await aJob(database, projectId, { versionId: id })
      expect(await referencesToVersions(database.queries, [id])).toMatchObject([{ path: training.id, code: 'job' }])
      await database.transaction((tx) => requestCancel(tx, { projectId, jobId: training.id, mode: 'now' }))
      await cancelQueued(database, training.id, () => [])
      expect(await referencesToVersions(database.queries, [id])).toEqual([])
      await database.transaction((tx) => deleteVersions(tx, [id]))
      expect(await collectable()).toContain(prefixes[0])
    })
  })
})

describe.skipIf(!requirePart('postgres'))('PostgreSQL that cannot be reached', () => {
  it('is UNAVAILABLE where no server answers', async () => {
    await expect(openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await using server = await postgres()
    await expect(openDatabase({ url: `${server.url}_no` })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('tells listeners when their connection was lost and restored, and continues', async () => {
    await using server = await postgres()
    const database = await openDatabase({ url: server.url })
    const heard: (string | null)[] = []
    await database.listen('job', (payload) => {
      heard.push(payload)
    })
    await database.queries.execute(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'imclr listener' and datname = current_database()`,
    )
    await until(() => heard.includes(null))
    await database.notify('job', 'after')
    await until(() => heard.includes('after'))
    expect(heard).toEqual([null, 'after'])
    await database.close()
  })
})
