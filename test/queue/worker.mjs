/** A worker process for tests of crashes: says which entry it got, then does nothing until its signal aborts, and says why. */
import { openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'

const [kind, where] = process.argv.slice(2)
const options = { onError: () => {}, lockDurationMs: 1_000, stalledIntervalMs: 500 }
const queue = await openQueue(
  kind === 'pglite'
    ? { pglite: (await openDatabase({ pgliteDir: where })).pglite, ...options }
    : { url: where, ...options },
)
if (kind === 'pglite') await queue.enqueue({ jobId: 'job_crashes0001', entry: 1 }, { kind: 'train', attempt: 0 })
await queue.work(
  async ({ jobId }, signal) => {
    console.log(jobId)
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve)
    })
    console.log(signal.reason)
  },
  { queue: 'device', concurrency: 1 },
)
