#!/usr/bin/env node
/*
 * A trainer that computes nothing but keeps the whole protocol: it reads the job file, writes events, heeds signals,
 * keeps checkpoints in the store, goes on from the newest, and leaves an artifact or a version with its manifest last.
 * Its losses are a chain of hashes, so a run that was broken off must end with the very same ones. For tests of faults,
 * which need hundreds of runs.
 *
 * What goes wrong is written in the job's name (train), the model's name (evaluate) or the upload's name (prepare), as
 * `key=value` words:
 *   ms=5          milliseconds per step (4 steps make an epoch)
 *   do=<what>     exit:<code> | fail:<FAILURE> | kill | hang | hog | garbage | explain | half | missing | corrupt | foreign | deaf
 *   at=2          the epoch in which it is done (in `missing`, `corrupt`, `foreign`: at the output)
 *   attempts=1    only in attempts up to this one
 *   finish=0      milliseconds of "evaluation" before the output
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'

let request = null
process.on('SIGTERM', () => {
  request ??= 'stop'
})
process.on('SIGUSR2', () => {
  request = 'suspend'
})
process.on('SIGINT', () => {})

const { failures, jobFile, suspendedExitCode, trainerEvent } = await import('@imclr/contract')
const { openStore, storeConfigFromEnv } = await import('@imclr/storage')

const job = jobFile.parse(JSON.parse(readFileSync(process.argv[2], 'utf8')))
const store = await openStore(storeConfigFromEnv(process.env))
const script = Object.fromEntries(
  (job.kind === 'prepare' ? job.uploadName : job.name).split(/\s+/).map((word) => word.split('=')),
)
const misbehaves = script.do !== undefined && job.attempt <= Number(script.attempts ?? 1e9)
const [what, argument] = (script.do ?? '').split(':')

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const sleep = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
const emit = (event) => writeSync(1, `${JSON.stringify(trainerEvent.parse(event))}\n`)
const put = async (key, bytes, contentType = 'application/octet-stream') => ({
  bytes: bytes.length,
  sha256: (await store.put(key, bytes, { contentType })).sha256,
})

async function fail(code, message) {
  emit({
    type: 'failed',
    failure: { code, message, hint: failures[code].hint, retryable: failures[code].retryable, issues: [] },
  })
  process.exit(failures[code].exitCode ?? 1)
}

async function misbehave(epoch) {
  if (!misbehaves || epoch !== Number(script.at ?? 2)) return
  if (what === 'exit') process.exit(Number(argument))
  if (what === 'fail') await fail(argument, `as it was told, in epoch ${epoch}`)
  if (what === 'kill') process.kill(process.pid, 'SIGKILL')
  if (what === 'garbage') writeSync(1, 'this is no event\n{"type":"progress","phase":"nonsense"}\n\n')
  if (what === 'half') {
    writeSync(1, '{"type":"log","level":"info","mess')
    process.kill(process.pid, 'SIGKILL')
  }
  if (what === 'explain') {
    writeSync(2, 'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n')
    writeSync(2, 'I0000 00:00:1795818121.694052    6390 port.cc:153] oneDNN custom operations are on.\n')
    writeSync(2, 'TypeError: the reason\n')
    process.exit(1)
  }
  if (what === 'hang') for (;;) await sleep(1000)
  if (what === 'hog') for (const held = []; ; await sleep(1)) held.push(Buffer.alloc(8 << 20, 1))
}

async function newestCheckpoint(prefix) {
  const found = []
  for await (const { key } of store.list(prefix)) if (key.endsWith('/state.json')) found.push(key)
  const step = (key) => Number(/-(\d+)\/state\.json$/.exec(key)[1])
  const newest = found.sort((a, b) => step(b) - step(a))[0]
  return newest === undefined ? null : JSON.parse(Buffer.from(await store.read(newest)).toString())
}

const stepsPerEpoch = 4

async function train() {
  const { epochs, seed } = job.spec
  const from = await newestCheckpoint(job.checkpointPrefix)
  let { chain, step, sum, history } = from ?? { chain: sha256(`seed ${seed}`), step: 0, sum: 0, history: [] }
  const position = () => ({ epoch: history.length, step })
  const emitEpoch = (record) => emit({ type: 'epoch', once: `epoch-${record.epoch}`, ...record })

  const checkpoint = async () => {
    const folder = `${job.checkpointPrefix}${history.length}-${step}/`
    const state = await put(`${folder}state.bin`, Buffer.from(chain))
    await put(`${folder}state.json`, Buffer.from(JSON.stringify({ chain, step, sum, history })), 'application/json')
    emit({ type: 'checkpoint', key: folder, ...position(), ...state })
  }

  emit({
    type: 'started',
    engine: 'none',
    device: process.env.CUDA_VISIBLE_DEVICES ?? 'cpu',
    execution: 'graph',
    precision: 'float32',
    resumedFrom: from ? position() : null,
  })
  for (const record of history) emitEpoch(record)

  while (history.length < epochs) {
    const epoch = history.length + 1
    if (request === 'suspend') {
      await checkpoint()
      process.exit(suspendedExitCode)
    }
    if (request === 'stop' && !(misbehaves && what === 'deaf')) break
    if (step % stepsPerEpoch === 0) await misbehave(epoch)
    await sleep(Number(script.ms ?? 5))
    chain = sha256(chain)
    sum += parseInt(chain.slice(0, 8), 16) / 2 ** 32
    step++
    emit({
      type: 'progress',
      phase: 'training',
      done: step,
      total: epochs * stepsPerEpoch,
      unit: 'steps',
      epoch,
      epochs,
      secondsLeft: null,
    })
    if (step % stepsPerEpoch !== 0) continue
    history.push({
      epoch,
      loss: sum / stepsPerEpoch,
      labelEntropy: 0,
      learningRate: job.spec.learningRate,
      steps: step,
      seconds: 0,
      imagesPerSecond: 0,
    })
    sum = 0
    emitEpoch(history.at(-1))
    await checkpoint()
  }
  const endedEarly = history.length < epochs ? 'stopped' : null
  if (endedEarly) await checkpoint()

  emit({ type: 'progress', phase: 'evaluating', done: 0, total: 1, unit: 'cells', secondsLeft: null })
  for (let rest = Number(script.finish ?? 0); rest > 0; rest -= 20) {
    await sleep(20)
    if (request === 'suspend') process.exit(suspendedExitCode)
  }
  const accuracy = parseInt(chain.slice(0, 8), 16) / 2 ** 32
  emit({
    type: 'evaluated',
    once: 'evaluated',
    accuracy,
    low: 0,
    high: 1,
    images: 1,
    corruptionError: null,
    corruptionImages: 0,
  })
  await publish({ endedEarly, accuracy, epochsTrained: history.length, chain })
}

async function publish({ endedEarly, accuracy, epochsTrained, chain }) {
  const { versionId } = JSON.parse(Buffer.from(await store.read(`${job.versionPrefix}manifest.json`)).toString())
  const picture = { height: 8, width: 8, fit: 'crop', kernel: 'lanczos3' }
  const contents = {
    'model.json': '{}',
    'weights.bin': chain.repeat(1000),
    'labels.json': JSON.stringify({ classes: ['a', 'b'], picture }),
    'report.json': '{}',
  }
  const files = []
  for (const [path, text] of Object.entries(contents)) {
    const contentType = path.endsWith('.json') ? 'application/json' : 'application/octet-stream'
    files.push({ path, contentType, ...(await put(job.outputPrefix + path, Buffer.from(text), contentType)) })
  }
  if (misbehaves && what === 'missing') await store.delete([`${job.outputPrefix}weights.bin`])
  if (misbehaves && what === 'corrupt')
    await put(`${job.outputPrefix}weights.bin`, Buffer.from(`${chain.slice(1)}!`.repeat(1000)))
  await leave(
    {
      schemaVersion: 1,
      jobId: misbehaves && what === 'foreign' ? 'job_anotherjobaltogether' : job.jobId,
      attempt: job.attempt,
      name: 'a model',
      network: job.spec.network,
      spec: job.spec,
      versionId,
      classes: ['a', 'b'],
      picture,
      parameters: 1,
      epochsTrained,
      endedEarly,
      accuracy,
      goldenDifference: 0,
      multiplyAddsPerSecond: 1,
      files,
    },
    endedEarly,
  )
}

/** A version of eight black pictures whose content depends on the upload's bytes alone. */
async function prepare() {
  emit({ type: 'started', engine: 'none', device: 'cpu', execution: 'prepare', precision: 'uint8', resumedFrom: null })
  const content = sha256(await store.read(job.uploadKey))
  for (let epoch = 1; epoch <= 3; epoch++) {
    if (request === 'suspend') process.exit(suspendedExitCode)
    if (request === 'stop') await fail('CANCELED', 'told to stop')
    await misbehave(epoch)
    await sleep(Number(script.ms ?? 5))
    emit({ type: 'progress', phase: 'preparing', done: epoch, total: 3, unit: 'images', secondsLeft: null })
  }
  const file = async (path, bytes) => ({ path, ...(await put(job.outputPrefix + path, bytes)) })
  const split = async (name, count) => ({
    count,
    perClass: [count / 2, count / 2],
    shards: [{ ...(await file(`${name}.bin`, Buffer.alloc(count * 8 * 8 * 3))), count }],
    labels: await file(`${name}-labels.bin`, Buffer.alloc(count * 2)),
  })
  const none = { count: 0, perClass: [0, 0], shards: [], labels: null }
  await leave(
    {
      schemaVersion: 1,
      versionId: `ver_${sha256(`${job.projectId} ${content}`).slice(0, 32)}`,
      contentSha256: content,
      format: 'folders in zip',
      classes: ['a', 'b'],
      picture: { height: 8, width: 8, fit: 'crop', kernel: 'lanczos3' },
      options: job.options,
      splits: { train: await split('train', 8), validation: none, test: await split('test', 2), unlabelled: none },
      index: await file('index.jsonl', Buffer.from('')),
      channelMean: [0, 0, 0],
      channelStd: [1, 1, 1],
      testWasGiven: true,
      removedDuplicates: [],
      removedDuplicateCount: 0,
      nearDuplicates: [],
      nearDuplicateCount: 0,
      skipped: [],
      skippedCount: 0,
      notes: [],
      contactSheet: await file('contact-sheet.png', Buffer.from('png')),
      originals: [],
    },
    null,
  )
}

async function leave(manifest, endedEarly) {
  const manifestKey = `${job.outputPrefix}manifest.json`
  const { sha256: manifestSha256 } = await put(manifestKey, Buffer.from(JSON.stringify(manifest)), 'application/json')
  emit({ type: 'output', manifestKey, manifestSha256, endedEarly })
  process.exit(0)
}

/** An evaluation whose report says nothing. */
async function evaluate() {
  emit({ type: 'started', engine: 'none', device: 'cpu', execution: 'graph', precision: 'float32', resumedFrom: null })
  if (request === 'suspend') process.exit(suspendedExitCode)
  const { versionId } = JSON.parse(Buffer.from(await store.read(`${job.versionPrefix}manifest.json`)).toString())
  const { files: modelFiles } = JSON.parse(Buffer.from(await store.read(`${job.modelPrefix}manifest.json`)).toString())
  const files = [
    {
      path: 'report.json',
      contentType: 'application/json',
      ...(await put(`${job.outputPrefix}report.json`, Buffer.from('{}'), 'application/json')),
    },
  ]
  if (misbehaves && what === 'corrupt')
    await put(`${job.outputPrefix}report.json`, Buffer.from('[]'), 'application/json')
  await leave(
    {
      schemaVersion: 1,
      kind: 'evaluation',
      jobId: job.jobId,
      attempt: job.attempt,
      modelId: misbehaves && what === 'foreign' ? 'mdl_anothermodelaltogether' : job.modelId,
      versionId,
      modelManifestSha256: sha256(JSON.stringify(modelFiles)),
      accuracy: 0.5,
      meanCorruptionError: null,
      meanFlipProbability: null,
      files,
    },
    null,
  )
}

await { train, prepare, evaluate }[job.kind]()
