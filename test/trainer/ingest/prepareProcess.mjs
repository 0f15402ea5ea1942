// Prepares the upload of a store in a process of its own, from dist, and prints how much memory and processor time that
// took, and what it was refused for: `<store root> <work folder> <upload key> <output prefix> <options as JSON>`.
import { prepareOptions } from '../../../services/contract/dist/index.js'
import { openStore } from '../../../services/storage/dist/index.js'
import { prepare } from '../../../services/trainer/dist/jobs/prepare.js'

const [root, workDir, uploadKey, outputPrefix, options] = process.argv.slice(2)
const store = await openStore({ kind: 'folder', root })
const before = process.memoryUsage.rss()
let most = before
setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20).unref()
const jobFile = {
  schemaVersion: 1,
  kind: 'prepare',
  jobId: 'job_aaaaaaaaaaaaaaaaaaaa',
  projectId: 'prj_aaaaaaaaaaaaaaaaaaaa',
  attempt: 1,
  options: prepareOptions.parse(JSON.parse(options)),
  uploadKey,
  uploadName: 'archive',
  outputPrefix,
  maxBytes: 2 ** 33,
  maxImages: 1_000_000,
}

const cpuBefore = process.cpuUsage()
const issues = []
try {
  await prepare(jobFile, {
    store,
    workDir,
    emitter: { emit: () => {}, progress: () => {} },
    control: { signal: new globalThis.AbortController().signal },
  })
} catch (error) {
  if (error.code !== 'DATASET_INVALID') throw error
  issues.push(...error.issues.map(({ path, code }) => `${path} ${code}`))
}
const { user, system } = process.cpuUsage(cpuBefore)
process.stdout.write(JSON.stringify({ megabytes: (most - before) / 2 ** 20, seconds: (user + system) / 1e6, issues }))
