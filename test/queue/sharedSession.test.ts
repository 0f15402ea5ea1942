import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { insertProject, listProjects, openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'
import { expect, it } from 'vitest'
import { emptyPglite } from '../support/emptyPglite.js'
import { until } from '../support/eventually.js'

it('the queue shares the one session of PGlite with our transactions, and neither sees the other half done', async () => {
  const root = mkdtempSync(join(tmpdir(), 'imclr-shared-'))
  const database = await openDatabase({ pgliteDir: await emptyPglite(join(root, 'pg')) })
  const { pglite } = database
  if (pglite === null) throw new Error('no PGlite')
  // Opening the queue changes its own tables in a transaction, while ours are at work.
  const write = (i: number) =>
    database
      .transaction(async (tx) => {
        await insertProject(tx, { id: `prj_shared${String(i).padStart(4, '0')}`, name: `project ${i}` })
        await delay(i % 3) // some transactions are open while others begin
        await insertProject(tx, { id: `prj_second${String(i).padStart(4, '0')}`, name: `second ${i}` })
        if (i % 2 === 1) throw new Error('undone')
      })
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.message === 'undone')) throw error
      })

  const errors: Error[] = []
  const early = Promise.all(Array.from({ length: 20 }, (_, i) => write(i)))
  const queue = await openQueue({
    pglite,
    onError: (error) => {
      errors.push(error)
    },
    lockDurationMs: 1_000,
    stalledIntervalMs: 200,
  })
  await early
  const seen = new Set<string>()
  const worker = await queue.work(
    async ({ jobId }) => {
      await database.queries.execute('select 1')
      seen.add(jobId)
    },
    { queue: 'device', concurrency: 4 },
  )
  const jobs = Array.from({ length: 60 }, (_, i) => `job_shared${String(i).padStart(4, '0')}`)
  await Promise.all([
    ...jobs.map((jobId) => queue.enqueue({ jobId, entry: 1 }, { kind: 'train', attempt: 0 })),
    ...Array.from({ length: 60 }, (_, i) => write(20 + i)),
  ])
  await until(() => seen.size === jobs.length)
  expect([...seen].sort()).toEqual(jobs)
  expect(errors).toEqual([])
  const names = (await listProjects(database.queries, { before: null, limit: 200 })).map(({ name }) => name)
  expect(names.sort()).toEqual(
    Array.from({ length: 40 }, (_, i) => [`project ${2 * i}`, `second ${2 * i}`])
      .flat()
      .sort(),
  )
  await worker.close({ graceMs: 1_000 })
  await queue.close()
  await database.close()
  rmSync(root, { recursive: true })
}, 180_000)
