#!/usr/bin/env node
/**
 * One job in one process: `node main.js <job file>`. Events go to standard output, everything else to standard error, and the
 * exit code says how it ended: 0 with an output, `suspendedExitCode` with a checkpoint, else the failure's own.
 */
import { listenForSignals, Suspended } from './events/control.js'

const control = listenForSignals({ signals: process, end: () => end(new Suspended()) }) // before anything slow is loaded: a signal without a listener would end the process

const [
  { readFile },
  { hostname },
  { dirname },
  { failures, jobFile, suspendedExitCode },
  { createEmitter },
  { cleanStdout },
  { toFailure },
] = await Promise.all([
  import('node:fs/promises'),
  import('node:os'),
  import('node:path'),
  import('@imclr/contract'),
  import('./events/emitter.js'),
  import('./events/cleanStdout.js'),
  import('./events/toFailure.js'),
])

cleanStdout()
const disk = { host: hostname(), folder: dirname(process.argv[2] ?? '.') }
const emitter = createEmitter({ fd: 1, disk, now: () => performance.now(), onReaderGone: () => control.ask('suspend') })
process.on('uncaughtException', end).on('unhandledRejection', end)

try {
  await runJob()
  process.exit(0)
} catch (error) {
  end(error)
}

async function runJob(): Promise<void> {
  const path = process.argv[2]
  if (path === undefined) throw new Error('usage: main.js <job file>')
  const job = jobFile.parse(JSON.parse(await readFile(path, 'utf8')))
  // Before TensorFlow is loaded: it looks for GPUs once.
  if (job.kind !== 'prepare') await (await import('./engine/gpu/chooseDevice.js')).chooseDevice(emitter)
  // It reads and writes no object, so it can tell the speed before the store is there.
  if (job.kind === 'probe') return (await import('./jobs/probe.js')).probe({ emitter, control })
  const { openStore } = await import('@imclr/storage')
  const { storeConfig } = await import('./env.js')
  const store = await openStore(storeConfig())
  const context = { store, emitter, control, workDir: dirname(path) }
  // Each kind loads what it needs: TensorFlow takes a second.
  if (job.kind === 'prepare') await (await import('./jobs/prepare.js')).prepare(job, context)
  else if (job.kind === 'evaluate') await (await import('./jobs/evaluate.js')).evaluate(job, context)
  else await (await import('./jobs/train.js')).train(job, context)
}

/** The last word: a `failed` event and the exit code that says the same; the whole story goes to the log. */
function end(error: unknown): never {
  if (error instanceof Suspended) process.exit(suspendedExitCode)
  const failure = toFailure(error, disk)
  process.stderr.write(`${failure.cause instanceof Error ? failure.cause.stack : failure.stack}\n`)
  try {
    emitter.emit({ type: 'failed', failure: failure.record })
  } catch {
    // The disk is full, or nobody reads: the exit code still says it.
  }
  const kind = failures[failure.code]
  process.exit('exitCode' in kind ? kind.exitCode : failures.INTERNAL.exitCode)
}
