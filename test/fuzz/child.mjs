// Prepares one upload after another, in a process that may be ended when it does not answer: {path, name} comes as a
// message, and how it ended goes back.
import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, prepareOptions } from '../../services/contract/dist/index.js'
import { openStore } from '../../services/storage/dist/index.js'
import { prepare } from '../../services/trainer/dist/jobs/prepare.js'

const root = await mkdtemp(join(tmpdir(), 'imclr-fuzz-child-'))
const store = await openStore({ kind: 'folder', root: join(root, 'objects') })
const uploadKey = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
const outputPrefix = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/jobs/job_aaaaaaaaaaaaaaaaaaaa/attempts/1/output/'
const jobFile = {
  schemaVersion: 1,
  kind: 'prepare',
  jobId: 'job_aaaaaaaaaaaaaaaaaaaa',
  projectId: 'prj_aaaaaaaaaaaaaaaaaaaa',
  attempt: 1,
  options: prepareOptions.parse({}),
  uploadKey,
  uploadName: 'archive',
  outputPrefix,
  maxBytes: 2 ** 30,
  maxImages: 20_000,
}
const peak = () => process.resourceUsage().maxRSS * 1024
const openFiles = () => readdirSync('/proc/self/fd').length

process.on('message', async ({ path, options }) => {
  const workDir = join(root, 'work')
  await mkdir(workDir, { recursive: true })
  await store.put(uploadKey, await readFile(path), { contentType: 'application/octet-stream' })
  const [before, files, start] = [peak(), openFiles(), performance.now()]
  let most = process.memoryUsage.rss()
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  const base = most
  let ending
  try {
    await prepare(
      { ...jobFile, options: prepareOptions.parse(options ?? {}) },
      {
        store,
        workDir,
        emitter: { emit: () => {}, progress: () => {} },
        control: { signal: new globalThis.AbortController().signal },
      },
    )
    ending = { code: null, message: '', words: 0, issues: [] }
  } catch (error) {
    const failure = error instanceof Failure
    const issues = failure ? error.issues.slice(0, 5) : []
    ending = {
      code: failure ? error.code : 'THROWN',
      message: String(failure ? error.message : (error?.stack ?? error)).slice(0, 2000),
      words: failure ? JSON.stringify(error.record).length : 0,
      issues,
    }
  }
  clearInterval(watch)
  const after = peak()
  // A peak between two looks shows in what the system kept; one that was passed before does not.
  const grown = Math.max(most - base, after > before ? after - base : 0)
  const seconds = (performance.now() - start) / 1000
  const leaked = openFiles() - files
  await rm(workDir, { recursive: true, force: true })
  await store.deletePrefix('projects/')
  process.send({ ...ending, seconds, grown, leaked, peak: after })
})
process.on('disconnect', () => rm(root, { recursive: true, force: true }).finally(() => process.exit()))
process.send('ready')
