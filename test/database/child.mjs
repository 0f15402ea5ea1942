/** A process of its own for tests that need one: `child.mjs <what> <where>`; says on stdout how far it got. */
import { claimJob, insertJob, insertProject, openDatabase, storeTrainerLines } from '@imclr/database'

const [what, where] = process.argv.slice(2)
const say = (line) => process.stdout.write(`${line}\n`)
const config = where.includes('://') ? { url: where } : { pgliteDir: where }

const database = await openDatabase(config).catch((error) => {
  say(`${error.code} ${error.message}`)
  process.exit(1)
})
if (what === 'open') {
  say('open')
  await database.close()
} else if (what === 'hold') {
  say('open')
  setInterval(() => {}, 1_000)
} else {
  // Events, one transaction each, until somebody kills this process: a line on stdout is a promise.
  await insertProject(database.queries, { id: 'prj_durable001', name: 'durable' })
  const limits = { maxSeconds: 60, maxAttempts: 1 }
  await database.transaction((tx) =>
    insertJob(tx, {
      id: 'job_durable001',
      projectId: 'prj_durable001',
      kind: 'prepare',
      datasetId: 'ds_durable001',
      limits,
      queuedAt: new Date(),
    }),
  )
  await claimJob(database, { jobId: 'job_durable001', owner: 'me', leaseSeconds: 60, outputPrefix: () => 'x/' })
  for (let number = 1; ; number++) {
    await storeTrainerLines(database, { jobId: 'job_durable001', attempt: 1, owner: 'me' }, [
      { number, event: { type: 'log', level: 'info', message: `line ${number}` } },
    ])
    say(number)
  }
}
