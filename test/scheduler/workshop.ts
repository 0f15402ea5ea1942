import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  evaluateOptions,
  isFinal,
  makeId,
  prepareOptions,
  trainingSpec,
  type JobEvent,
  type TrainingSpecInput,
} from '@imclr/contract'
import {
  findJob,
  insertJob,
  insertProject,
  insertUpload,
  listEvents,
  findOrInsertDataset,
  openDatabase,
  schema,
  type Database,
  type DatabaseConfig,
} from '@imclr/database'
import { openQueue, type JobQueue } from '@imclr/queue'
import {
  processLauncher,
  startScheduler,
  systemClock,
  trainerEnvironment,
  type Launcher,
  type RunningScheduler,
  type SchedulerConfig,
} from '@imclr/scheduler'
import { keys, openStore, storeConfigFromEnv, type ObjectStore } from '@imclr/storage'
import { pino } from 'pino'
import { emptyPglite } from '../support/emptyPglite.js'
import { protocolTrainer } from '../support/spawnService.js'

export type JobRow = typeof schema.job.$inferSelect

/**
 * A database, a queue, a folder store, a project with a data set, and schedulers on demand: all that jobs need but an
 * API.
 */
export interface Workshop extends AsyncDisposable {
  folder: string
  database: Database
  store: ObjectStore
  queue: JobQueue
  projectId: string
  versionId: string
  /** The store as a trainer's environment names it. */
  storeVariables: Record<string, string>
  /** Queues a training; `name` is what the protocol trainer is told to do. */
  train(name: string, spec?: TrainingSpecInput): Promise<string>
  prepare(name: string, options?: { content?: string; maxSeconds?: number }): Promise<string>
  /** Queues an evaluation of a model; its name is what the protocol trainer is told to do. */
  evaluate(modelId: string): Promise<string>
  start(options?: Partial<SchedulerConfig> & { launcher?: Launcher }): Promise<RunningScheduler>
  launcher(workDir?: string): Launcher
  job(jobId: string): Promise<JobRow>
  events(jobId: string): Promise<JobEvent[]>
  /** Waits until the job's row is as it should be; throws with the row after 100 s. */
  until(jobId: string, holds: (job: JobRow) => boolean): Promise<JobRow>
  ended(jobId: string): Promise<JobRow>
}

export interface Where {
  /** Default: in this process. */
  database?: (folder: string) => DatabaseConfig | Promise<DatabaseConfig>
  /** Default: in the database. */
  queue?: (database: Database) => { url: string }
  /** Default: a folder. */
  storeVariables?: Record<string, string> | undefined
}

export async function openWorkshop({
  database: databaseConfig = async (folder) => ({ pgliteDir: await emptyPglite(join(folder, 'pg')) }),
  queue: queueConfig,
  storeVariables: given,
}: Where = {}): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'imclr-scheduler-'))
  const database = await openDatabase(await databaseConfig(folder))
  const storeVariables = given ?? { OBJECT_STORE_URL: `file://${folder}/objects` }
  const store = await openStore(storeConfigFromEnv(storeVariables))
  const queue = await openQueue({
    ...(queueConfig?.(database) ?? { pglite: database.pglite! }),
    onError: () => {},
    stalledIntervalMs: 1000,
    lockDurationMs: 5000,
  })
  const id = (prefix: Parameters<typeof makeId>[0]): string => makeId(prefix, randomBytes(20))
  const [projectId, versionId] = [id('prj'), `ver_${randomBytes(16).toString('hex')}`]
  await insertProject(database.queries, { id: projectId, name: projectId })
  const { id: datasetId } = await database.transaction((tx) =>
    findOrInsertDataset(tx, { id: id('ds'), projectId, name: 'pets' }),
  )
  const prefix = `projects/${projectId}/seeded/`
  await database.queries
    .insert(schema.version)
    .values({ id: versionId, projectId, prefix, summary: {} as never, bytes: 0 })
  await store.put(`${prefix}manifest.json`, Buffer.from(JSON.stringify({ versionId })), {
    contentType: 'application/json',
  })
  const running = new Set<RunningScheduler>()

  const submit = async (
    row: Omit<Parameters<typeof insertJob>[1], 'id' | 'projectId' | 'datasetId' | 'queuedAt'>,
  ): Promise<string> => {
    const jobId = id('job')
    await database.transaction((tx) => insertJob(tx, { id: jobId, projectId, datasetId, queuedAt: new Date(), ...row }))
    await queue.enqueue({ jobId, entry: 0 }, { kind: row.kind, attempt: 0 })
    return jobId
  }
  const environment = { ...trainerEnvironment(process.env), ...storeVariables }
  const launcher = (workDir = join(folder, 'work')): Launcher =>
    processLauncher({
      command: [process.execPath, protocolTrainer],
      environment,
      workDir,
      host: hostname(),
      niceness: 0,
      devices: null,
    })
  const job = async (jobId: string): Promise<JobRow> => (await findJob(database.queries, { projectId, jobId }))!

  const workshop: Workshop = {
    folder,
    database,
    store,
    queue,
    projectId,
    versionId,
    storeVariables,
    launcher,
    job,
    train(name, input = {}) {
      const spec = trainingSpec.parse({ epochs: 4, ...input })
      return submit({ kind: 'train', name, versionId, spec, limits: spec.limits })
    },
    evaluate(modelId) {
      return submit({
        kind: 'evaluate',
        name: 'an evaluation',
        versionId,
        modelId,
        options: evaluateOptions.parse({}),
        limits: { ...trainingSpec.parse({}).limits, maxAttempts: 2 },
      })
    },
    async prepare(name, { content = randomBytes(8).toString('hex'), maxSeconds = 600 } = {}) {
      const uploadId = id('upl')
      const objectKey = keys.upload(projectId, uploadId, 'archive.zip')
      await store.put(objectKey, Buffer.from(content), { contentType: 'application/zip' })
      await insertUpload(database.queries, {
        id: uploadId,
        projectId,
        datasetName: 'pets',
        fileName: name,
        bytes: 1,
        partBytes: 1,
        partCount: 1,
        objectKey,
        multipartId: 'm',
        state: 'completed',
        expiresAt: new Date(),
      })
      return submit({
        kind: 'prepare',
        uploadId,
        options: prepareOptions.parse({}),
        limits: { ...trainingSpec.parse({}).limits, maxSeconds },
      })
    },
    async start({ launcher: given, ...options } = {}) {
      const workDir = options.workDir ?? join(folder, 'work')
      const config: SchedulerConfig = {
        owner: `here:${workDir}`,
        workDir,
        slots: 1,
        preparations: 1,
        leaseSeconds: 5,
        stallSeconds: 20,
        stopGraceSeconds: 20,
        suspendGraceSeconds: 5,
        checkpointEverySeconds: 1,
        retryDelaySeconds: 0.05,
        pollSeconds: 0.03,
        reconcileSeconds: 0.5,
        maxDatasetBytes: 1e9,
        maxDatasetImages: 1e6,
        probes: false,
        ...options,
      }
      const scheduler = await startScheduler({
        database,
        store,
        queue,
        launcher: given ?? launcher(workDir),
        config,
        log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
        clock: systemClock,
      })
      running.add(scheduler)
      return {
        ...scheduler,
        close: async () => {
          if (running.delete(scheduler)) await scheduler.close()
        },
      }
    },
    events: (jobId) => listEvents(database.queries, { jobId, after: 0, limit: 100_000 }),
    async until(jobId, holds) {
      const deadline = Date.now() + 100_000
      for (;;) {
        const row = await job(jobId)
        if (holds(row)) return row
        if (Date.now() > deadline)
          throw new Error(
            `waited in vain for ${jobId}: ${JSON.stringify(row)}\n${(await workshop.events(jobId))
              .slice(-8)
              .map((each) => JSON.stringify(each))
              .join('\n')}`,
          )
        await systemClock.sleep(20)
      }
    },
    ended: (jobId) => workshop.until(jobId, ({ state }) => isFinal(state)),
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((scheduler) => scheduler.close()))
      await queue.close()
      await store.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return workshop
}

/** Numbers from 1 without gaps, no line of an attempt twice, no named event twice. */
export function flawsOf(events: JobEvent[]): string[] {
  const flaws: string[] = []
  events.forEach(({ number }, index) => {
    if (number !== index + 1) flaws.push(`event ${index + 1} has number ${number}`)
  })
  const names = events.flatMap(({ event }) => ('once' in event && event.once !== undefined ? [event.once] : []))
  if (new Set(names).size !== names.length) flaws.push(`named events came twice: ${names.join(' ')}`)
  return flaws
}

/** The losses of all epochs, as the events tell them. */
export const lossesOf = (events: JobEvent[]): number[] =>
  events.flatMap(({ event }) => (event.type === 'epoch' ? [event.loss] : []))
