import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { QueueEntry } from '@imclr/contract'
import { openDatabase, type Database } from '@imclr/database'
import { openQueue, type JobQueue } from '@imclr/queue'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyPglite } from '../support/emptyPglite.js'
import { eventually, until } from '../support/eventually.js'
import { requirePart } from '../support/parts.js'
import { postgres } from '../support/postgres.js'
import { redis } from '../support/redis.js'

/** The same cases for every place that a queue can be kept in. */
interface Place extends AsyncDisposable {
  url: string
  open(timing?: { lockDurationMs: number; stalledIntervalMs: number }): Promise<JobQueue>
  /** A worker process that takes one entry, with `job_crashes0001` queued for it, and hangs; killed once it has it. */
  crash(): Promise<void>
}

const errors: Error[] = []
const options = {
  onError: (error: Error) => {
    errors.push(error)
  },
  lockDurationMs: 1_000,
  stalledIntervalMs: 500,
}

async function pglitePlace(): Promise<Place> {
  const pgliteDir = await emptyPglite(join(mkdtempSync(join(tmpdir(), 'imclr-queue-')), 'pg'))
  let database: Database | undefined = await openDatabase({ pgliteDir })
  return {
    url: '',
    open: async (timing = options) => {
      database ??= await openDatabase({ pgliteDir })
      if (database.pglite === null) throw new Error('no PGlite')
      return openQueue({ pglite: database.pglite, ...options, ...timing })
    },
    async crash() {
      await database?.close()
      database = undefined
      await crashWorker('pglite', pgliteDir)
    },
    async [Symbol.asyncDispose]() {
      await database?.close()
      rmSync(join(pgliteDir, '..'), { recursive: true })
    },
  }
}

async function serverPlace(server: AsyncDisposable & { url: string }): Promise<Place> {
  const open: Place['open'] = (timing = options) => openQueue({ url: server.url, ...options, ...timing })
  return {
    url: server.url,
    open,
    async crash() {
      const queue = await open()
      await queue.enqueue({ jobId: 'job_crashes0001', entry: 1 }, newTraining)
      await crashWorker('server', server.url)
      await queue.close()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function workerProcess(kind: string, where: string): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [fileURLToPath(new URL('worker.mjs', import.meta.url)), kind, where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function nextLine(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  const [said] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  return said.toString().trim()
}

async function crashWorker(kind: string, where: string): Promise<void> {
  const child = workerProcess(kind, where)
  expect(await nextLine(child)).toBe('job_crashes0001')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

let numbers = 0
const newTraining = { kind: 'train', attempt: 0 } as const
const newJob = (): string => `job_test${String(++numbers).padStart(8, '0')}`

const places = [
  { name: 'PGlite', several: false, here: () => true, make: pglitePlace },
  {
    name: 'PostgreSQL',
    several: true,
    here: () => requirePart('postgres'),
    make: async () => serverPlace(await postgres()),
  },
  { name: 'Redis', several: true, here: () => requirePart('redis'), make: async () => serverPlace(await redis()) },
]

describe.each(places)('a queue on $name', ({ several, here, make }) => {
  describe.skipIf(!here())('', () => {
    let place: Place
    beforeAll(async () => {
      place = await make()
    })
    afterAll(async () => place[Symbol.asyncDispose]())

    it('delivers entries once and in order, whether they were added before or after a worker started', async () => {
      const queue = await place.open()
      const [first, second, third] = [newJob(), newJob(), newJob()]
      const seen: string[] = []
      await queue.enqueue({ jobId: first, entry: 1 }, newTraining)
      await queue.enqueue({ jobId: second, entry: 7 }, newTraining)
      const worker = await queue.work(
        async ({ jobId, entry }) => {
          seen.push(`${jobId} ${entry}`)
        },
        { queue: 'device', concurrency: 1 },
      )
      await until(() => seen.length === 2)
      const sent = Date.now()
      await queue.enqueue({ jobId: third, entry: 1 }, newTraining)
      await until(() => seen.length === 3)
      expect(Date.now() - sent).toBeLessThan(1_000) // woken, not polled
      expect(seen).toEqual([`${first} 1`, `${second} 7`, `${third} 1`])
      await queue.check()
      await worker.close({ graceMs: 1_000 })
      await queue.close()
    })

    it('serves evaluations first, then trainings that have begun, then new ones, each in order', async () => {
      const queue = await place.open()
      const names = new Map<string, string>()
      for (const [name, kind, attempt] of [
        ['new 1', 'train', 0],
        ['begun 1', 'train', 2],
        ['evaluation 1', 'evaluate', 1],
        ['new 2', 'train', 0],
        ['evaluation 2', 'evaluate', 0],
        ['begun 2', 'train', 1],
      ] as const) {
        const jobId = newJob()
        names.set(jobId, name)
        await queue.enqueue({ jobId, entry: 1 }, { kind, attempt })
      }
      const seen: string[] = []
      const worker = await queue.work(
        async ({ jobId }) => {
          seen.push(names.get(jobId)!)
        },
        { queue: 'device', concurrency: 1 },
      )
      await until(() => seen.length === 6)
      expect(seen).toEqual(['evaluation 1', 'evaluation 2', 'begun 1', 'begun 2', 'new 1', 'new 2'])
      await worker.close({ graceMs: 1_000 })
      await queue.close()
    })

    it('keeps preparations in a queue of their own, which is served while the other is not', async () => {
      const queue = await place.open()
      const [training, first, removed, second] = [newJob(), newJob(), newJob(), newJob()]
      await queue.enqueue({ jobId: training, entry: 1 }, { kind: 'train', attempt: 0 })
      for (const jobId of [first, removed, second])
        await queue.enqueue({ jobId, entry: 1 }, { kind: 'prepare', attempt: 0 })
      await queue.remove({ jobId: removed, entry: 1 }, 'device') // it is not in this queue
      await queue.remove({ jobId: removed, entry: 1 }, 'preparation')
      const seen: string[] = []
      const preparing = await queue.work(
        async ({ jobId }) => {
          seen.push(jobId)
        },
        { queue: 'preparation', concurrency: 1 },
      )
      await until(() => seen.length === 2)
      const devices = await queue.work(
        async ({ jobId }) => {
          seen.push(jobId)
        },
        { queue: 'device', concurrency: 1 },
      )
      await until(() => seen.length === 3)
      expect(seen).toEqual([first, second, training])
      await Promise.all([preparing, devices].map((worker) => worker.close({ graceMs: 1_000 })))
      await queue.close()
    })

    it('serves twelve workers at once: more than the default size of a pool of connections', async () => {
      const queue = await place.open()
      const [jobs, atWork] = [Array.from({ length: 12 }, newJob), new Set<string>()]
      let finish = (): void => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const workers = await Promise.all(
        jobs.map(() =>
          queue.work(
            ({ jobId }) => {
              atWork.add(jobId)
              return finished
            },
            { queue: 'device', concurrency: 1 },
          ),
        ),
      )
      for (const jobId of jobs) await queue.enqueue({ jobId, entry: 1 }, newTraining)
      await until(() => atWork.size === jobs.length)
      await queue.check()
      finish()
      await Promise.all(workers.map((worker) => worker.close({ graceMs: 1_000 })))
      await queue.close()
    })

    it('keeps an entry once while it waits or is at work, and takes it again when it is gone or has another number', async () => {
      const queue = await place.open()
      const [jobId, other] = [newJob(), newJob()]
      const seen: string[] = []
      const finish: (() => void)[] = []
      await queue.enqueue({ jobId, entry: 1 }, newTraining)
      await queue.enqueue({ jobId, entry: 1 }, newTraining)
      const worker = await queue.work(
        ({ jobId, entry }) => {
          seen.push(`${jobId} ${entry}`)
          return new Promise<void>((resolve) => {
            finish.push(resolve)
          })
        },
        { queue: 'device', concurrency: 3 },
      )
      await until(() => seen.length === 1)
      await queue.enqueue({ jobId, entry: 1 }, newTraining)
      await queue.enqueue({ jobId, entry: 2 }, newTraining)
      await queue.enqueue({ jobId: other, entry: 1 }, newTraining)
      await until(() => seen.length === 3)
      finish[0]?.()
      const again = async () => {
        await queue.enqueue({ jobId, entry: 1 }, newTraining)
        return seen.length
      }
      await eventually(again, (count) => count === 4)
      expect(seen).toEqual([`${jobId} 1`, `${jobId} 2`, `${other} 1`, `${jobId} 1`])
      for (const end of finish) end()
      await worker.close({ graceMs: 5_000 })
      await queue.close()
    })

    it('drops an entry whose handler fails, and reports the error', async () => {
      const queue = await place.open()
      const [first, second, third] = [newJob(), newJob(), newJob()]
      errors.length = 0
      const calls: string[] = []
      const worker = await queue.work(
        async ({ jobId }) => {
          calls.push(jobId)
          throw new Error(`no luck with ${jobId}`)
        },
        { queue: 'device', concurrency: 1 },
      )
      await queue.enqueue({ jobId: first, entry: 1 }, newTraining)
      const failed = (jobId: string) => until(() => errors.some(({ message }) => message === `no luck with ${jobId}`))
      await failed(first)
      // An entry that is put back comes before the second job.
      await queue.enqueue({ jobId: second, entry: 1 }, newTraining)
      await failed(second)
      expect(calls).toEqual([first, second])
      // An entry that is still there is not added again.
      await queue.enqueue({ jobId: first, entry: 1 }, newTraining)
      await queue.enqueue({ jobId: third, entry: 1 }, newTraining)
      await failed(third)
      expect(calls).toEqual([first, second, first, third])
      await worker.close({ graceMs: 1_000 })
      await queue.close()
    })

    it('renews the lock of work that takes longer than it lasts', async () => {
      const timing = { lockDurationMs: 600, stalledIntervalMs: 200 }
      const [queue, other] = [await place.open(timing), await place.open(timing)]
      const seen: string[] = []
      const handler =
        (name: string) =>
        async ({ jobId }: QueueEntry, signal: AbortSignal) => {
          seen.push(`${name} ${jobId}`)
          // Real time, which the store measures: without renewal the lock ends after 600 ms, and the second look after
          // that gives the entry away.
          await delay(1_200)
          seen.push(signal.aborted ? 'aborted' : 'kept')
        }
      const workers = [
        await queue.work(handler('worker'), { queue: 'device', concurrency: 1 }),
        await other.work(handler('worker'), { queue: 'device', concurrency: 1 }),
      ]
      const jobId = newJob()
      await queue.enqueue({ jobId, entry: 1 }, newTraining)
      await until(() => seen.length === 2)
      expect(seen).toEqual([`worker ${jobId}`, 'kept'])
      await Promise.all(workers.map((worker) => worker.close({ graceMs: 1_000 })))
      await Promise.all([queue.close(), other.close()])
    })

    // PGlite has one process, in which renewing a lock and missing it cannot happen at once.
    if (several)
      it('aborts work that has lost its lock, and gives the entry to another worker', async () => {
        const queue = await place.open()
        const [jobId, next] = [newJob(), newJob()]
        const child = workerProcess('server', place.url)
        await queue.enqueue({ jobId, entry: 1 }, newTraining)
        expect(await nextLine(child)).toBe(jobId)
        // The other process stands still for longer than the lock lasts.
        child.kill('SIGSTOP')
        const taken: QueueEntry[] = []
        let finish = () => {}
        const winner = await queue.work(
          (delivery) => {
            taken.push(delivery)
            return new Promise<void>((resolve) => {
              finish = resolve
            })
          },
          { queue: 'device', concurrency: 1 },
        )
        await until(() => taken.length > 0)
        expect(taken).toEqual([{ jobId, entry: 1 }])
        child.kill('SIGCONT')
        expect(await nextLine(child)).toBe('lock lost')
        child.kill('SIGKILL')
        await once(child, 'exit')
        // That one's end has not put the entry back, in front of the next one.
        await queue.enqueue({ jobId: next, entry: 1 }, newTraining)
        finish()
        await until(() => taken.length === 2)
        expect(taken[1]).toEqual({ jobId: next, entry: 1 })
        finish()
        await winner.close({ graceMs: 1_000 })
        await queue.close()
      })

    it('gives each entry to one of two workers, and to each no more at a time than its concurrency', async () => {
      const [queue, other] = [await place.open(), await place.open()]
      const jobs = Array.from({ length: 12 }, newJob)
      const seen: string[] = []
      let [now, most] = [0, 0]
      const handler = async ({ jobId }: QueueEntry) => {
        most = Math.max(most, ++now)
        await delay(50)
        now--
        seen.push(jobId)
      }
      const workers = [
        await queue.work(handler, { queue: 'device', concurrency: 2 }),
        await other.work(handler, { queue: 'device', concurrency: 1 }),
      ]
      await Promise.all(jobs.map((jobId) => queue.enqueue({ jobId, entry: 1 }, newTraining)))
      await until(() => seen.length === jobs.length)
      expect([...seen].sort()).toEqual(jobs)
      expect(most).toBe(3)
      await Promise.all(workers.map((worker) => worker.close({ graceMs: 1_000 })))
      await Promise.all([queue.close(), other.close()])
    })

    it('removes a waiting entry, and leaves one at work', async () => {
      const queue = await place.open()
      const [atWork, waiting, last] = [newJob(), newJob(), newJob()]
      const seen: string[] = []
      let finish = () => {}
      const worker = await queue.work(
        ({ jobId }) => {
          seen.push(jobId)
          return new Promise<void>((resolve) => {
            finish = resolve
          })
        },
        { queue: 'device', concurrency: 1 },
      )
      for (const jobId of [atWork, waiting, last]) await queue.enqueue({ jobId, entry: 1 }, newTraining)
      await until(() => seen.length === 1)
      for (const jobId of [waiting, waiting, atWork]) await queue.remove({ jobId, entry: 1 }, 'device')
      await queue.enqueue({ jobId: atWork, entry: 1 }, newTraining) // still there, so this changes nothing
      finish()
      await until(() => seen.length === 2)
      finish()
      expect(seen).toEqual([atWork, last])
      await worker.close({ graceMs: 1_000 })
      await queue.close()
    })

    it('closes a worker: waits for short work, aborts long work, leaves waiting entries', async () => {
      const queue = await place.open()
      const [short, long, waiting] = [newJob(), newJob(), newJob()]
      const [begun, ended]: [string[], string[]] = [[], []]
      let finish = () => {}
      const handler = async ({ jobId }: QueueEntry, signal: AbortSignal) => {
        begun.push(jobId)
        if (jobId === short)
          await new Promise<void>((resolve) => {
            finish = resolve
          })
        if (jobId === long)
          await new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              resolve()
            })
          })
        ended.push(`${jobId} ${signal.aborted ? String(signal.reason) : 'whole'}`)
      }
      const first = await queue.work(handler, { queue: 'device', concurrency: 1 })
      await queue.enqueue({ jobId: short, entry: 1 }, newTraining)
      await until(() => begun.includes(short))
      await queue.enqueue({ jobId: long, entry: 1 }, newTraining)
      let closed = false
      const closing = first.close({ graceMs: 10_000 }).then(() => {
        closed = true
      })
      await queue.check()
      expect(closed).toBe(false)
      finish()
      await closing
      expect(ended).toEqual([`${short} whole`])
      const second = await queue.work(handler, { queue: 'device', concurrency: 1 })
      await queue.enqueue({ jobId: waiting, entry: 1 }, newTraining)
      await until(() => begun.includes(long))
      const began = Date.now()
      await second.close({ graceMs: 400 })
      expect(Date.now() - began).toBeGreaterThan(390)
      expect(ended).toEqual([`${short} whole`, `${long} closing`])
      const third = await queue.work(handler, { queue: 'device', concurrency: 1 })
      await until(() => ended.length === 3)
      expect(ended[2]).toBe(`${waiting} whole`)
      await third.close({ graceMs: 1_000 })
      await queue.close()
    })

    it('delivers the entry of a killed worker again', async () => {
      await place.crash()
      const queue = await place.open()
      const seen: QueueEntry[] = []
      const worker = await queue.work(
        async (delivery) => {
          seen.push(delivery)
        },
        { queue: 'device', concurrency: 1 },
      )
      await until(() => seen.length === 1)
      expect(seen).toEqual([{ jobId: 'job_crashes0001', entry: 1 }])
      await worker.close({ graceMs: 1_000 })
      await queue.close()
    })
  })
})

describe('a queue that does not answer', () => {
  it.each(['redis://127.0.0.1:9', 'postgres://nobody@127.0.0.1:9/none'])(
    'is UNAVAILABLE within seconds (%s)',
    async (url) => {
      await expect(openQueue({ url, onError: () => {} })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    },
  )

  it('is BAD_INPUT where its address is of an unknown kind', async () => {
    await expect(openQueue({ url: 'amqp://127.0.0.1', onError: () => {} })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it.skipIf(!requirePart('redis'))('refuses entries soon after its server is gone', async () => {
    await using server = await redis()
    const queue = await openQueue({ url: server.url, ...options })
    await server.stop()
    const began = Date.now()
    await expect(queue.enqueue({ jobId: newJob(), entry: 1 }, newTraining)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await expect(queue.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(Date.now() - began).toBeLessThan(11_000)
    await queue.close()
  })
})
