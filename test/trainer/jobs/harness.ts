import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  artifactManifest,
  datasetManifest,
  evaluateOptions,
  prepareOptions,
  report as reportSchema,
  trainerEvent,
  trainerProcessEnvironment,
  trainingSpec,
} from '@imclr/contract'
import type {
  ArtifactManifest,
  DatasetManifest,
  EvaluateOptionsInput,
  JobFile,
  PrepareOptionsInput,
  Report,
  TrainerEvent,
  TrainingSpecInput,
  TrainJobFile,
} from '@imclr/contract'

/*
 * A bench for trainers: a folder store with the demo's real pictures in it, and trainer processes started from `dist`
 * the way the scheduler starts them, their events followed in a file.
 */

export const root = findRoot(dirname(fileURLToPath(import.meta.url)))
export const trainerProgram = join(root, 'services/trainer/dist/main.js')
export const demoArchive = join(root, 'infra/demo/fashion-mnist-small.zip')
const projectId = 'prj_aaaaaaaaaaaaaaaaaaaa'

export interface Bench extends AsyncDisposable {
  folder: string
  /** Path in the store's folder of an object. */
  objectPath(key: string): string
  prepare(archive: string, options?: PrepareOptionsInput): Promise<{ versionPrefix: string; manifest: DatasetManifest }>
  /** Starts a trainer; the same `job` twice is the next attempt of one job, on the same checkpoints. */
  train(options: TrainOptions): Run
  evaluate(options: EvaluateRun): Omit<Run, 'checkpointPrefix'>
}

export interface EvaluateRun {
  job: string
  modelPrefix: string
  referencePrefix?: string
  versionPrefix: string
  options?: EvaluateOptionsInput
}

export interface TrainOptions {
  job: string
  attempt?: number
  versionPrefix: string
  spec: TrainingSpecInput
  network?: TrainJobFile['network']
  from?: TrainJobFile['from']
  checkpointEverySeconds?: number
  env?: Record<string, string>
}

export interface Run {
  outputPrefix: string
  checkpointPrefix: string
  kill(signal: NodeJS.Signals): void
  /** The events so far, each parsed by the contract. */
  events(): TrainerEvent[]
  /** Resolves with the first event that fits; rejects when the process ends before, with what it logged. */
  until(fits: (event: TrainerEvent) => boolean): Promise<TrainerEvent>
  /** The most memory that it has had so far, in bytes; 0 once it is gone, and where the system does not say. */
  peakBytes(): number
  ended: Promise<Ended>
}

export interface Ended {
  exitCode: number | null
  signal: NodeJS.Signals | null
  events: TrainerEvent[]
  log: string
}

export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imclr-trainer-'))
  const objects = join(folder, 'objects')
  await mkdir(objects)
  const running = new Set<() => void>()
  let files = 0

  const start = (
    job: JobFile,
    env: Record<string, string> = {},
  ): Pick<Run, 'kill' | 'events' | 'until' | 'ended' | 'peakBytes'> => {
    const name = join(folder, `run-${files++}`)
    const jobPath = `${name}.json`
    const written = writeFile(jobPath, JSON.stringify(job))
    const [out, err] = [openSync(`${name}.jsonl`, 'a'), openSync(`${name}.log`, 'a')]
    let kill: (signal: NodeJS.Signals) => void = () => {}
    let pid: number | undefined
    const read = () => (existsSync(`${name}.jsonl`) ? readEvents(readFileSync(`${name}.jsonl`, 'utf8')) : [])
    const ended = written.then(
      () =>
        new Promise<Ended>((resolve, reject) => {
          const child = spawn(process.execPath, [trainerProgram, jobPath], {
            stdio: ['ignore', out, err],
            env: { ...trainerProcessEnvironment, ...process.env, OBJECT_STORE_URL: `file://${objects}`, ...env },
          })
          pid = child.pid
          const stop = () => child.kill('SIGKILL')
          running.add(stop)
          kill = (signal) => child.kill(signal)
          child.on('error', reject)
          child.on('exit', (exitCode, signal) => {
            running.delete(stop)
            pid = undefined
            closeSync(out)
            closeSync(err)
            resolve({ exitCode, signal, events: read(), log: readFileSync(`${name}.log`, 'utf8') })
          })
        }),
    )
    const until = async (fits: (event: TrainerEvent) => boolean) => {
      let over: Ended | null = null
      void ended.then((result) => {
        over = result
      })
      for (;;) {
        const found = read().find(fits)
        if (found) return found
        if (over)
          throw new Error(
            `the trainer ended (${(over as Ended).exitCode}) before the event came\n${(over as Ended).log}\n${JSON.stringify((over as Ended).events.at(-1))}`,
          )
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    return {
      kill: (signal) => kill(signal),
      events: read,
      until,
      peakBytes: () => (pid === undefined ? 0 : residentPeak(pid)),
      ended,
    }
  }

  return {
    folder,
    objectPath: (key) => join(objects, 'objects', key),
    async prepare(archive, options = {}) {
      const uploadKey = `projects/${projectId}/uploads/upl_${'a'.repeat(20)}/archive-${files}`
      await mkdir(dirname(join(objects, 'objects', uploadKey)), { recursive: true })
      await cp(archive, join(objects, 'objects', uploadKey))
      const jobId = `job_prepare${String(files).padStart(4, '0')}`
      const outputPrefix = `projects/${projectId}/jobs/${jobId}/attempts/1/output/`
      const { ended } = start({
        schemaVersion: 1,
        jobId,
        projectId,
        attempt: 1,
        kind: 'prepare',
        options: prepareOptions.parse(options),
        uploadKey,
        uploadName: archive.split('/').at(-1)!,
        outputPrefix,
        maxBytes: 2 ** 34,
        maxImages: 1_000_000,
      })
      const { exitCode, events, log } = await ended
      const last = events.at(-1)
      if (exitCode !== 0 || last?.type !== 'output')
        throw new Error(`preparing ended with ${exitCode}: ${JSON.stringify(last)}\n${log}`)
      return {
        versionPrefix: outputPrefix,
        manifest: datasetManifest.parse(JSON.parse(await readFile(join(objects, 'objects', last.manifestKey), 'utf8'))),
      }
    },
    train({ job, attempt = 1, versionPrefix, spec, network = null, from = null, checkpointEverySeconds = 3600, env }) {
      const jobId = `job_${job.padEnd(8, '0')}`
      const checkpointPrefix = `projects/${projectId}/jobs/${jobId}/checkpoints/`
      const outputPrefix = `projects/${projectId}/jobs/${jobId}/attempts/${attempt}/output/`
      const run = start(
        {
          schemaVersion: 1,
          jobId,
          projectId,
          attempt,
          kind: 'train',
          name: job,
          spec: trainingSpec.parse(spec),
          versionPrefix,
          checkpointPrefix,
          outputPrefix,
          checkpointEverySeconds,
          reference: null,
          network,
          from,
        },
        env,
      )
      return { ...run, outputPrefix, checkpointPrefix }
    },
    evaluate({ job, modelPrefix, referencePrefix, versionPrefix, options = {} }) {
      const jobId = `job_${job.padEnd(8, '0')}`
      const outputPrefix = `projects/${projectId}/jobs/${jobId}/attempts/1/output/`
      const [modelId, referenceId] = [`mdl_${'a'.repeat(20)}`, `mdl_${'b'.repeat(20)}`]
      const reference =
        referencePrefix === undefined
          ? null
          : { modelId: referenceId, name: 'the reference', modelPrefix: referencePrefix }
      const run = start({
        schemaVersion: 1,
        jobId,
        projectId,
        attempt: 1,
        kind: 'evaluate',
        name: 'the model',
        modelId,
        modelPrefix,
        options: evaluateOptions.parse(options),
        versionPrefix,
        outputPrefix,
        reference,
      })
      return { ...run, outputPrefix }
    },
    async [Symbol.asyncDispose]() {
      for (const stop of running) stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** VmHWM of a process, in bytes; 0 where there is none. */
function residentPeak(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** The repository's folder, from the sources and from `dist` alike. */
function findRoot(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : findRoot(dirname(folder))
}

const readEvents = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => trainerEvent.parse(JSON.parse(line)))

export const ofType = <T extends TrainerEvent['type']>(events: readonly TrainerEvent[], type: T) =>
  events.filter((event): event is Extract<TrainerEvent, { type: T }> => event.type === type)

/** Loss and label entropy of every epoch: what two runs must have in common to the last bit. */
export const lossesOf = (events: readonly TrainerEvent[]) =>
  ofType(events, 'epoch').map(({ epoch, loss, labelEntropy }) => ({ epoch, loss, labelEntropy }))

export async function readManifest(bench: Bench, run: Run): Promise<ArtifactManifest> {
  return artifactManifest.parse(
    JSON.parse(await readFile(bench.objectPath(`${run.outputPrefix}manifest.json`), 'utf8')),
  )
}

export async function readReport(bench: Bench, run: Run): Promise<Report> {
  return reportSchema.parse(JSON.parse(await readFile(bench.objectPath(`${run.outputPrefix}report.json`), 'utf8')))
}

export const checkpointsOf = async (bench: Bench, run: Run) => {
  const folder = bench.objectPath(run.checkpointPrefix)
  return existsSync(folder)
    ? (await readdir(folder)).sort((a, b) => Number(a.split('-')[1]) - Number(b.split('-')[1]))
    : []
}

/** A folder over HTTP, as a model is hosted. */
export async function serve(folder: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    void readFile(join(folder, new URL(request.url!, 'http://x').pathname)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
