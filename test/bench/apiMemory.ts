/**
 * Does the API's memory stay flat? Runs the real server in this process over PGlite and a folder, as standalone does:
 * uploads of 10 MiB each in two parts, completed, and then streams of events, opened, fed and closed. After each round
 * the heap is collected and measured.
 *
 *     node --expose-gc test/dist/bench/apiMemory.js [--uploads 1000] [--streams 100] [--json FILE]
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { AppRouter } from '@imclr/api'
import { finishJob, storeTrainerLines } from '@imclr/database'
import { createTRPCClient, httpBatchStreamLink } from '@trpc/client'
import { makeVersion, smallSpec, startJob, uploadArchive } from '../api/makeThings.js'
import { startTestApi, type TestApi } from '../api/testApi.js'

export interface MemoryAt {
  after: number
  heapMiB: number
  externalMiB: number
  rssMiB: number
}

export function measure(after: number): MemoryAt {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const mebibytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10
  return { after, heapMiB: mebibytes(heapUsed), externalMiB: mebibytes(external), rssMiB: mebibytes(rss) }
}

/** Uploads so many archives, a few at a time; measures `rounds` times on the way. */
export async function manyUploads(
  api: TestApi,
  { uploads, bytes, rounds }: { uploads: number; bytes: number; rounds: number },
): Promise<MemoryAt[]> {
  const archive = randomBytes(bytes)
  const seen: MemoryAt[] = []
  const perRound = Math.ceil(uploads / rounds)
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < perRound; i += 4) {
      const made = await Promise.all(
        Array.from({ length: Math.min(4, perRound - i) }, () =>
          uploadArchive(api, { bytes: archive, datasetName: 'many' }),
        ),
      )
      // The disk is not what is measured.
      for (const { job, upload } of made)
        await api.dependencies.store.deletePrefix(`projects/${job.projectId}/uploads/${upload.id}/`)
    }
    seen.push(measure(round * perRound))
  }
  return seen
}

/** Follows a job with so many streams at once, while it tells `events` of them, `rounds` times. */
export async function manyStreams(
  api: TestApi,
  { streams, events, rounds }: { streams: number; events: number; rounds: number },
): Promise<MemoryAt[]> {
  const { versionId } = await makeVersion(api)
  // One each: a client sends calls of the same moment as one request.
  const client = () =>
    createTRPCClient<AppRouter>({
      links: [httpBatchStreamLink({ url: `${api.url}/trpc`, headers: { authorization: `Bearer ${api.key}` } })],
    })
  const seen: MemoryAt[] = []
  for (let round = 1; round <= rounds; round++) {
    const { id } = await api.mutate<{ id: string }>('job.submit', { versionId, spec: smallSpec })
    const { fence } = await startJob(api, id)
    const readers = Array.from({ length: streams }, async () => {
      let count = 0
      for await (const _event of await client().job.events.query({ jobId: id })) count++
      return count
    })
    for (let line = 2; line < events; line += 50) {
      await storeTrainerLines(
        api.dependencies.database,
        fence,
        Array.from({ length: Math.min(50, events - line) }, (_, i) => ({
          number: line + i,
          event: { type: 'log', level: 'info', message: 'x'.repeat(500) } as const,
        })),
      )
    }
    await finishJob(api.dependencies.database, fence, {
      state: 'succeeded',
      failure: null,
      endedEarly: null,
      result: null,
      secondsSpent: 1,
      leftovers: [],
      log: null,
    })
    const counts = await Promise.all(readers)
    if (new Set(counts).size !== 1) throw new Error(`readers saw different numbers of events: ${counts.join()}`)
    seen.push(measure(round))
  }
  return seen
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      uploads: { type: 'string', default: '1000' },
      streams: { type: 'string', default: '100' },
      json: { type: 'string' },
    },
  })
  if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc')
  await using api = await startTestApi()
  const result = {
    uploads: await manyUploads(api, { uploads: Number(values.uploads), bytes: 10 * 2 ** 20, rounds: 10 }),
    streams: await manyStreams(api, { streams: Number(values.streams), events: 500, rounds: 6 }),
  }
  console.table(result.uploads)
  console.table(result.streams)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result, null, 2))
}

if (process.argv[1] === import.meta.filename) await main()
