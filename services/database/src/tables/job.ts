import {
  evaluateOptions,
  isFinal,
  jobKind,
  queueOf,
  prepareOptions,
  trainingSpec,
  priorityOf,
  type CancelMode,
  type EvaluateOptions,
  type Issue,
  type JobEvent,
  type JobKind,
  type JobState,
  type PrepareOptions,
  type TrainingSpec,
} from '@imclr/contract'
import { and, asc, count, eq, gt, inArray, lt, lte, or, sql } from 'drizzle-orm'
import { notify, type Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { parseStored } from '../parseStored.js'
import { job, jobEvent, model, version } from '../schema.js'
import { collectPrefixes } from './collect.js'
import { experimentReferencesToJob } from './experimentRun.js'

export type JobRow = typeof job.$inferSelect

export async function findJob(
  queries: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<JobRow | undefined> {
  const [row] = await queries
    .select()
    .from(job)
    .where(and(eq(job.id, jobId), eq(job.projectId, projectId)))
  return row
}

/** Finds the row and locks it until the transaction ends. */
export async function lockJob(
  tx: Queries,
  { projectId, jobId }: { projectId: string; jobId: string },
): Promise<JobRow | undefined> {
  const [row] = await tx
    .select()
    .from(job)
    .where(and(eq(job.id, jobId), eq(job.projectId, projectId)))
    .for('update')
  return row
}

export interface JobFilter {
  projectId: string
  state?: JobState | undefined
  kind?: JobKind | undefined
  datasetId?: string | undefined
  versionId?: string | undefined
}

export async function listJobs(
  queries: Queries,
  { projectId, state, kind, datasetId, versionId, ...slice }: JobFilter & Slice,
): Promise<JobRow[]> {
  const { where, orderBy } = newestFirst(job, slice)
  const filter = and(
    eq(job.projectId, projectId),
    state && eq(job.state, state),
    kind && eq(job.kind, kind),
    datasetId === undefined ? undefined : eq(job.datasetId, datasetId),
    versionId === undefined ? undefined : eq(job.versionId, versionId),
  )
  return queries
    .select()
    .from(job)
    .where(and(filter, where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

export async function countJobs(queries: Queries): Promise<{ kind: JobKind; state: JobState; count: number }[]> {
  return queries.select({ kind: job.kind, state: job.state, count: count() }).from(job).groupBy(job.kind, job.state)
}

/**
 * The spec of a training. Throws Failure INTERNAL where the row holds no valid one; fields that the row lacks get their
 * defaults.
 */
export const storedSpec = ({ id, spec }: Pick<JobRow, 'id' | 'spec'>): TrainingSpec =>
  parseStored(trainingSpec, spec, `spec of job ${id}`)

/** The options of a job that prepares. Throws Failure INTERNAL as `storedSpec` does. */
export const storedPrepareOptions = ({ id, options }: Pick<JobRow, 'id' | 'options'>): PrepareOptions =>
  parseStored(prepareOptions, options, `options of job ${id}`)

/** The options of a job that evaluates. Throws Failure INTERNAL as `storedSpec` does. */
export const storedEvaluateOptions = ({ id, options }: Pick<JobRow, 'id' | 'options'>): EvaluateOptions =>
  parseStored(evaluateOptions, options, `options of job ${id}`)

/** The position of a waiting job among all that wait in its queue. The job at position 1 is the next. */
export async function queuePosition(
  queries: Queries,
  { id, kind, attempt, queuedAt }: Pick<JobRow, 'id' | 'kind' | 'attempt' | 'queuedAt'>,
): Promise<number> {
  const priority = priorityOf({ kind, attempt })
  const groups = jobKind.options
    .filter((each) => queueOf(each) === queueOf(kind))
    .flatMap((each) => [
      { priority: priorityOf({ kind: each, attempt: 0 }), matches: and(eq(job.kind, each), eq(job.attempt, 0)) },
      { priority: priorityOf({ kind: each, attempt: 1 }), matches: and(eq(job.kind, each), gt(job.attempt, 0)) },
    ])
  const earlier = or(...groups.filter((group) => group.priority < priority).map(({ matches }) => matches))
  const same = or(...groups.filter((group) => group.priority === priority).map(({ matches }) => matches))
  const before = or(lt(job.queuedAt, queuedAt), and(eq(job.queuedAt, queuedAt), lte(job.id, id)))
  const [row] = await queries
    .select({ count: count() })
    .from(job)
    .where(and(eq(job.state, 'queued'), or(earlier, and(same, before))))
  return row!.count
}

export type NewJob = typeof job.$inferInsert & {
  queuedAt: Date
  spec?: TrainingSpec | null
  options?: PrepareOptions | EvaluateOptions | null
}

/** Stores a job that waits, with its first event. Put it into the queue once the transaction has committed. */
export async function insertJob(tx: Queries, row: NewJob): Promise<JobRow> {
  const [inserted] = await tx.insert(job).values(row).returning()
  const position = await queuePosition(tx, inserted!)
  const lastEvent = await appendEvents(tx, { jobId: row.id, attempt: 0, lastEvent: 0, time: row.queuedAt }, [
    { line: null, event: { type: 'queued', position } },
  ])
  return { ...inserted!, lastEvent }
}

/**
 * Notes that somebody asked to cancel a job, and tells the schedulers. Nothing takes back `now`, and a job that has
 * ended stays as it is.
 */
export async function requestCancel(
  tx: Queries,
  { projectId, jobId, mode }: { projectId: string; jobId: string; mode: CancelMode },
): Promise<JobRow | undefined> {
  const row = await lockJob(tx, { projectId, jobId })
  if (row === undefined || isFinal(row.state) || row.cancelRequested === 'now' || row.cancelRequested === mode)
    return row
  const [updated] = await tx.update(job).set({ cancelRequested: mode }).where(eq(job.id, jobId)).returning()
  await notify(tx, 'job', jobId)
  return updated
}

/**
 * What keeps a job from being deleted: the model or the version that it made, whose objects lie among those of the job
 * (`prefix`), and the experiments that it is a run of.
 */
export async function referencesToJob(
  tx: Queries,
  { projectId, jobId, prefix }: { projectId: string; jobId: string; prefix: string },
): Promise<Issue[]> {
  const models = await tx.select({ id: model.id, name: model.name }).from(model).where(eq(model.jobId, jobId))
  const versions = await tx
    .select({ id: version.id })
    .from(version)
    .where(and(eq(version.projectId, projectId), sql`starts_with(${version.prefix}, ${prefix})`))
  return [
    ...models.map(({ id, name }) => ({
      path: id,
      code: 'model',
      message: `Model '${name}' is its result`,
      fix: 'Delete the model first',
    })),
    ...versions.map(({ id }) => ({
      path: id,
      code: 'version',
      message: `Version ${id} is its result`,
      fix: 'Delete the version first',
    })),
    ...(await experimentReferencesToJob(tx, jobId, { withoutRecord: false })),
  ]
}

/** Deletes a job with its events, and collects the objects under `prefixes`. */
export async function deleteJob(
  tx: Queries,
  { jobId, prefixes }: { jobId: string; prefixes: string[] },
): Promise<void> {
  await tx.delete(job).where(eq(job.id, jobId))
  await collectPrefixes(tx, prefixes)
}

export interface NewEvent {
  event: JobEvent['event']
  /** The line of the attempt's events file. Null for an event that the scheduler itself reports. */
  line: number | null
}

const rowsPerInsert = 1000

/**
 * Numbers events after the job's last one, stores them and tells the listeners. Drops an event whose `once` is stored
 * already. The caller has locked the job's row, so that numbers have no gaps, and passes its `lastEvent`.
 *
 * @returns the number of the last event
 */
export async function appendEvents(
  tx: Queries,
  at: { jobId: string; attempt: number; lastEvent: number; time: Date },
  events: NewEvent[],
): Promise<number> {
  const { jobId, attempt, time } = at
  const seen = await storedNames(tx, jobId, events)
  let number = at.lastEvent
  const rows: (typeof jobEvent.$inferInsert)[] = []
  for (const { event, line } of events) {
    const once = ('once' in event ? event.once : undefined) ?? null
    if (once !== null && seen.has(once)) continue
    if (once !== null) seen.add(once)
    rows.push({ jobId, number: ++number, attempt, line, at: time, once, event })
  }
  for (let start = 0; start < rows.length; start += rowsPerInsert)
    await tx.insert(jobEvent).values(rows.slice(start, start + rowsPerInsert))
  if (rows.length > 0) await tx.update(job).set({ lastEvent: number }).where(eq(job.id, jobId))
  await notify(tx, 'job', jobId)
  return number
}

/** Which names (`once`) of these events the job has already. */
async function storedNames(tx: Queries, jobId: string, events: NewEvent[]): Promise<Set<string>> {
  const names = events.flatMap(({ event }) => ('once' in event && event.once !== undefined ? [event.once] : []))
  if (names.length === 0) return new Set()
  const rows = await tx
    .select({ once: jobEvent.once })
    .from(jobEvent)
    .where(and(eq(jobEvent.jobId, jobId), inArray(jobEvent.once, names)))
  return new Set(rows.flatMap(({ once }) => (once === null ? [] : [once])))
}

/** The end of a trainer's log as an event. */
export const logEvent = (message: string | null): NewEvent[] =>
  message === null ? [] : [{ line: null, event: { type: 'log', level: 'error', message } }]

/** The events of a job after a number, the oldest first. */
export async function listEvents(
  queries: Queries,
  { jobId, after, limit }: { jobId: string; after: number; limit: number },
): Promise<JobEvent[]> {
  const { number, attempt, at, event } = jobEvent
  const rows = await queries
    .select({ number, attempt, at, event })
    .from(jobEvent)
    .where(and(eq(jobEvent.jobId, jobId), gt(number, after)))
    .orderBy(asc(number))
    .limit(limit)
  return rows.map((row) => ({ jobId, ...row, at: row.at.toISOString() }))
}
