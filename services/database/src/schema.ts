/**
 * The tables, in PostgreSQL's schema `imclr`. They are the truth of the service: queue and object store follow them.
 * Times have milliseconds, as JavaScript's do, so that a cursor made of one finds its row again.
 */
import type {
  Estimate,
  ExperimentDefinition,
  FailureRecord,
  JobEvent,
  JobState,
  NetworkLayer,
  NetworkSummary,
  PresetName,
  Progress,
  RunRecord,
  Scale,
  Scope,
  TrainingSpec,
  VersionSummary,
} from '@imclr/contract'
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'

export const imclr = pgSchema('imclr')

const time = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' })
const created = () =>
  time()
    .notNull()
    .default(sql`clock_timestamp()`)
const bytes = () => bigint({ mode: 'number' })

export const project = imclr.table(
  'project',
  { id: text().primaryKey(), name: text().notNull(), createdAt: created() },
  (t) => [uniqueIndex('project_name').on(t.name), index('project_newest').on(t.createdAt, t.id)],
)

/** A key itself is never stored: its first characters find the row, and its SHA-256 verifies the key. */
export const apiKey = imclr.table(
  'api_key',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    name: text().notNull(),
    prefix: text().notNull(),
    sha256: text().notNull(), // hexadecimal
    scopes: text().array().$type<Scope[]>().notNull(),
    createdAt: created(),
    expiresAt: time(),
    lastUsedAt: time(),
    revokedAt: time(),
  },
  (t) => [
    uniqueIndex('api_key_sha256').on(t.sha256),
    index('api_key_prefix').on(t.prefix),
    index('api_key_newest').on(t.projectId, t.createdAt, t.id),
  ],
)

/** Answers to requests with an idempotency key, kept for a day: the same key and body get the same answer. */
export const idempotency = imclr.table(
  'idempotency',
  {
    projectId: text()
      .notNull()
      .references(() => project.id),
    key: text().notNull(),
    route: text().notNull(),
    bodySha256: text().notNull(),
    answer: jsonb().$type<unknown>(),
    createdAt: created(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.key] }), index('idempotency_age').on(t.createdAt)],
)

export const uploadStates = ['open', 'completed', 'aborted'] as const

export const upload = imclr.table(
  'upload',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    datasetName: text().notNull(),
    fileName: text().notNull(),
    bytes: bytes().notNull(),
    partBytes: bytes().notNull(),
    partCount: integer().notNull(),
    objectKey: text().notNull(),
    multipartId: text().notNull(), // the store's name for the upload
    state: text({ enum: uploadStates }).notNull().default('open'),
    jobId: text(), // the prepare job that reads it
    createdAt: created(),
    expiresAt: time().notNull(),
  },
  (t) => [index('upload_newest').on(t.projectId, t.createdAt, t.id), index('upload_expiry').on(t.state, t.expiresAt)],
)

export const dataset = imclr.table(
  'dataset',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    name: text().notNull(),
    createdAt: created(),
  },
  (t) => [
    uniqueIndex('dataset_name').on(t.projectId, t.name),
    index('dataset_newest').on(t.projectId, t.createdAt, t.id),
  ],
)

/** What a version's row holds beside its own columns. */
export type StoredVersionSummary = Omit<VersionSummary, 'id' | 'datasetId' | 'bytes' | 'createdAt'>

/**
 * One immutable version. Its id is made of project and content, so the same content is one row, however many data sets
 * have it.
 */
export const version = imclr.table(
  'version',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    prefix: text().notNull(), // its objects: the output of the attempt that made it
    summary: jsonb().$type<StoredVersionSummary>().notNull(),
    bytes: bytes().notNull(),
    createdAt: created(),
  },
  (t) => [index('version_project').on(t.projectId)],
)

export const datasetVersion = imclr.table(
  'dataset_version',
  {
    datasetId: text()
      .notNull()
      .references(() => dataset.id),
    versionId: text()
      .notNull()
      .references(() => version.id),
    createdAt: created(),
  },
  (t) => [primaryKey({ columns: [t.datasetId, t.versionId] }), index('dataset_version_version').on(t.versionId)],
)

/** How to find a running trainer again after a restart. Only the launcher reads what is in it. */
export type Runner = Record<string, unknown>

/** Jobs that a scheduler runs. */
export const activeStates = ['starting', 'running'] as const satisfies JobState[]

/** Jobs that have not ended. */
export const unfinishedStates = ['queued', 'starting', 'running', 'paused'] as const satisfies JobState[]

/**
 * Jobs of all kinds. `uploadId` belongs to prepare, `spec` to train, `options` to prepare and evaluate. `versionId` is
 * the result of prepare and the input of the others, `modelId` the result of train and the input of evaluate, whose own
 * result is the files under `outputPrefix`. Ids of data sets, versions and models are history here, not references:
 * those may be deleted.
 */
export const job = imclr.table(
  'job',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    kind: text({ enum: ['prepare', 'train', 'evaluate'] }).notNull(),
    name: text(),
    state: text().$type<JobState>().notNull().default('queued'),
    attempt: integer().notNull().default(0), // writes by any other attempt are refused
    failedAttempts: integer().notNull().default(0), // they count against limits.maxAttempts; suspended attempts do not
    datasetId: text().notNull(),
    uploadId: text(),
    options: jsonb(), // read them with storedPrepareOptions or storedEvaluateOptions
    versionId: text(),
    spec: jsonb(), // read it with storedSpec: an earlier release may have written it
    modelId: text(),
    limits: jsonb().$type<TrainingSpec['limits']>().notNull(),
    estimate: jsonb().$type<Estimate>(),
    progress: jsonb().$type<Progress>(),
    cancelRequested: text({ enum: ['graceful', 'now'] }),
    failure: jsonb().$type<FailureRecord>(),
    endedEarly: text({ enum: ['canceled', 'time_limit'] }),
    lastCheckpoint: jsonb().$type<{ at: string; epoch: number; step: number }>(),
    waitingFor: text(),
    outputPrefix: text(), // of the current attempt
    // How often the job was queued: its entry in the queue is `<id>-<queueEntry>`
    queueEntry: integer().notNull().default(0),
    notBefore: time(), // a retry waits until then
    secondsSpent: doublePrecision().notNull().default(0), // in attempts that have ended, for limits.maxSeconds
    leaseOwner: text(), // the scheduler that runs it
    leaseUntil: time(),
    heartbeatAt: time(), // the trainer's last sign of life
    runner: jsonb().$type<Runner>(),
    eventsPosition: integer().notNull().default(0), // lines of the current attempt's events file that are stored
    lastEvent: integer().notNull().default(0),
    createdAt: created(),
    queuedAt: created(),
    startedAt: time(),
    attemptStartedAt: time(),
    finishedAt: time(),
  },
  (t) => [
    index('job_newest').on(t.projectId, t.createdAt, t.id),
    index('job_queue')
      .on(t.queuedAt, t.id)
      .where(sql`${t.state} = 'queued'`),
    index('job_unfinished')
      .on(t.state)
      .where(sql`${t.state} in ('queued', 'starting', 'running', 'paused')`),
    index('job_version').on(t.versionId),
    index('job_dataset').on(t.datasetId),
  ],
)

/** How fast the machine of a scheduler trains, measured before any job has succeeded there. */
export const probe = imclr.table('probe', {
  owner: text().primaryKey(), // the scheduler, as in job.leaseOwner
  multiplyAddsPerSecond: doublePrecision().notNull(),
  device: text().notNull(),
  createdAt: created(),
})

export const jobEvent = imclr.table(
  'job_event',
  {
    jobId: text()
      .notNull()
      .references(() => job.id, { onDelete: 'cascade' }),
    number: integer().notNull(), // from 1, without gaps
    attempt: integer().notNull(),
    line: integer(), // of the attempt's events file, from 1; null: the scheduler reported it
    at: time().notNull(),
    once: text(),
    event: jsonb().$type<JobEvent['event']>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.jobId, t.number] }),
    uniqueIndex('job_event_once')
      .on(t.jobId, t.once)
      .where(sql`${t.once} is not null`),
    uniqueIndex('job_event_line')
      .on(t.jobId, t.attempt, t.line)
      .where(sql`${t.line} is not null`),
  ],
)

export const model = imclr.table(
  'model',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    jobId: text().notNull(),
    datasetId: text().notNull(),
    versionId: text().notNull(),
    name: text().notNull(),
    prefix: text().notNull(), // its objects: the output of the attempt that made it
    manifest: jsonb().notNull(), // parsed where a row is read (tables/model.ts): an earlier release may have written it
    endedEarly: text({ enum: ['canceled', 'time_limit'] }),
    public: boolean().notNull().default(false),
    bytes: bytes().notNull(),
    createdAt: created(),
  },
  (t) => [
    uniqueIndex('model_job').on(t.jobId),
    index('model_newest').on(t.projectId, t.createdAt, t.id),
    index('model_version').on(t.versionId),
  ],
)

/** What a network's row holds beside its own columns. */
export type StoredNetworkSummary = Omit<NetworkSummary, 'id' | 'name' | 'layers' | 'bytes' | 'createdAt'>

/** A network that a user uploaded. Its id is made of project and content. */
export const network = imclr.table(
  'network',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    name: text().notNull(),
    prefix: text().notNull(), // its objects: those of its upload, and network.json
    layers: jsonb().$type<NetworkLayer[]>().notNull(),
    summary: jsonb().$type<StoredNetworkSummary>().notNull(),
    bytes: bytes().notNull(),
    createdAt: created(),
  },
  (t) => [index('network_newest').on(t.projectId, t.createdAt, t.id)],
)

/** The same definition on the same version is one experiment: `fingerprint` is a hash of both. */
export const experiment = imclr.table(
  'experiment',
  {
    id: text().primaryKey(),
    projectId: text()
      .notNull()
      .references(() => project.id),
    fingerprint: text().notNull(),
    datasetId: text().notNull(),
    versionId: text().notNull(),
    preset: text().$type<PresetName>(),
    scale: text().$type<Scale>(),
    definition: jsonb().$type<ExperimentDefinition>().notNull(),
    createdAt: created(),
  },
  (t) => [
    uniqueIndex('experiment_fingerprint').on(t.projectId, t.fingerprint),
    index('experiment_newest').on(t.projectId, t.createdAt, t.id),
  ],
)

/**
 * A run is a job; experiments share the jobs that they have in common. `position` counts the runs in the order of
 * `planRuns`.
 */
export const experimentRun = imclr.table(
  'experiment_run',
  {
    experimentId: text()
      .notNull()
      .references(() => experiment.id, { onDelete: 'cascade' }),
    position: integer('place').notNull(),
    jobId: text().notNull(),
    record: jsonb().$type<RunRecord>(), // what a report needs of the run; from then on its model may be deleted
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.position] }), index('experiment_run_job').on(t.jobId)],
)

/**
 * Prefixes of objects that nothing needs any more. The transaction that makes them superfluous writes the row; the
 * sweep deletes the objects, then the row.
 */
export const collect = imclr.table(
  'collect',
  {
    prefix: text().primaryKey(),
    dueAt: created(),
    attempts: integer().notNull().default(0),
    error: text(),
    createdAt: created(),
  },
  (t) => [index('collect_due').on(t.dueAt)],
)
