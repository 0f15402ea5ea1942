// Opens an archive in a process of its own, from dist, reads every file of it, and prints what came of it:
// `<file> <work folder> <max entries>`.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { openArchive } from '../../../services/trainer/dist/ingest/archive/openArchive.js'
import { Spool } from '../../../services/trainer/dist/ingest/archive/spool.js'
import { Notes } from '../../../services/trainer/dist/ingest/notes.js'
import { Problems } from '../../../services/trainer/dist/ingest/problems.js'

const [file, folder, maxEntries] = process.argv.slice(2)
const { size: bytes } = await stat(file)
const store = {
  head: async () => ({ bytes }),
  get: async (_, range = {}) => ({ bytes, body: createReadStream(file, range) }),
}
const [problems, notes, spool] = [new Problems(), new Notes(), new Spool(folder, 2 ** 33)]
const limits = { maxBytes: 2 ** 33, maxEntries: Number(maxEntries) }
const before = process.memoryUsage.rss()
const cpuBefore = process.cpuUsage()
let most = before
setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5).unref()
const outcome = { code: null, message: '', files: 0, damaged: 0 }
try {
  const archive = await openArchive({
    store,
    key: 'key',
    name: 'archive',
    encoding: null,
    folder,
    limits,
    spool,
    problems,
    notes,
    signal: new globalThis.AbortController().signal,
    onBytes: () => {},
  })
  outcome.files = archive.files.length
  for (const index of archive.files.length > 10_000 ? [] : archive.files.keys()) {
    try {
      await archive.read(index)
    } catch (error) {
      if (error.name !== 'DamagedFile') throw error
      outcome.damaged++
    }
  }
  problems.refuse('refuse')
} catch (error) {
  Object.assign(outcome, { code: error.code ?? error.name, message: error.message })
}
const { user, system } = process.cpuUsage(cpuBefore)
most = Math.max(most, process.memoryUsage.rss())
process.stdout.write(
  JSON.stringify({ ...outcome, megabytes: Math.round((most - before) / 2 ** 20), seconds: (user + system) / 1e6 }),
)
