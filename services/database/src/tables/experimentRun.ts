import { satisfies, trainingSpec, type Issue, type RunRecord, type TrainingSpec } from '@imclr/contract'
import { and, asc, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { experiment, experimentRun, job, model, unfinishedStates } from '../schema.js'

/** A run with its job, and with its model where the job made one. */
export interface RunRow {
  position: number
  jobId: string
  /** What a report needs of the run is stored, so its model may be deleted. */
  hasRecord: boolean
  accuracy: number | null
  job: Pick<
    typeof job.$inferSelect,
    | 'state'
    | 'progress'
    | 'estimate'
    | 'failure'
    | 'endedEarly'
    | 'cancelRequested'
    | 'spec'
    | 'startedAt'
    | 'finishedAt'
  > | null
  model: Pick<typeof model.$inferSelect, 'id' | 'prefix'> | null
}

/** The runs of an experiment that have a job, in the order of its plan. */
export async function listRuns(queries: Queries, experimentId: string): Promise<RunRow[]> {
  const { state, progress, estimate, failure, endedEarly, cancelRequested, spec, startedAt, finishedAt } = job
  return queries
    .select({
      position: experimentRun.position,
      jobId: experimentRun.jobId,
      hasRecord: sql<boolean>`${experimentRun.record} is not null`,
      accuracy: sql<
        number | null
      >`coalesce(${experimentRun.record} ->> 'accuracy', ${model.manifest} ->> 'accuracy')::float8`,
      job: { state, progress, estimate, failure, endedEarly, cancelRequested, spec, startedAt, finishedAt },
      model: { id: model.id, prefix: model.prefix },
    })
    .from(experimentRun)
    .leftJoin(job, eq(job.id, experimentRun.jobId))
    .leftJoin(model, eq(model.jobId, experimentRun.jobId))
    .where(eq(experimentRun.experimentId, experimentId))
    .orderBy(asc(experimentRun.position))
}

/** The stored records of the runs, in the order of the plan. */
export async function listRecords(queries: Queries, experimentId: string): Promise<RunRecord[]> {
  const rows = await queries
    .select({ record: experimentRun.record })
    .from(experimentRun)
    .where(and(eq(experimentRun.experimentId, experimentId), isNotNull(experimentRun.record)))
    .orderBy(asc(experimentRun.position))
  return rows.map(({ record }) => record!)
}

/** Makes a job the run at a position of the plan, in place of the job that was. */
export async function putRun(
  tx: Queries,
  run: { experimentId: string; position: number; jobId: string },
): Promise<void> {
  await tx
    .insert(experimentRun)
    .values(run)
    .onConflictDoUpdate({
      target: [experimentRun.experimentId, experimentRun.position],
      set: { jobId: run.jobId, record: null },
    })
}

/**
 * Finds a training of this spec on this version that is unfinished or has its model: another one would give the same
 * result. A training that is evaluated further counts too. Stored specs get the defaults of fields that they lack. The
 * row is locked until the transaction ends.
 */
export async function findSameTraining(
  tx: Queries,
  { projectId, versionId, spec }: { projectId: string; versionId: string; spec: TrainingSpec },
): Promise<string | undefined> {
  const underway = and(inArray(job.state, [...unfinishedStates]), isNull(job.cancelRequested))
  const done = and(
    eq(job.state, 'succeeded'),
    isNull(job.endedEarly),
    sql`exists (select 1 from imclr.model m where m.job_id = ${job.id})`,
  )
  const { seed, subsetSeed, mode, network, epochs, trainImages } = spec // they tell most runs of one version apart
  const alike = await tx
    .select({ id: job.id, spec: job.spec })
    .from(job)
    .where(
      and(
        eq(job.projectId, projectId),
        eq(job.versionId, versionId),
        eq(job.kind, 'train'),
        sql`${job.spec} @> ${JSON.stringify({ seed, subsetSeed, mode, network, epochs, trainImages })}::jsonb`,
        or(underway, done),
      ),
    )
    .orderBy(asc(job.createdAt))
    .for('share')
  return alike.find((row) => {
    const { data } = trainingSpec.safeParse(row.spec)
    return data !== undefined && satisfies(data, spec)
  })?.id
}

/** Stores what a report needs of a run, unless another job has become the run meanwhile. */
export async function storeRunRecord(
  queries: Queries,
  {
    experimentId,
    position,
    jobId,
    record,
  }: { experimentId: string; position: number; jobId: string; record: RunRecord },
): Promise<void> {
  await queries
    .update(experimentRun)
    .set({ record })
    .where(
      and(
        eq(experimentRun.experimentId, experimentId),
        eq(experimentRun.position, position),
        eq(experimentRun.jobId, jobId),
      ),
    )
}

/** Those of these jobs that are runs of another experiment too. */
export async function sharedRuns(
  queries: Queries,
  { experimentId, jobIds }: { experimentId: string; jobIds: string[] },
): Promise<Set<string>> {
  if (jobIds.length === 0) return new Set()
  const rows = await queries
    .selectDistinct({ jobId: experimentRun.jobId })
    .from(experimentRun)
    .where(and(inArray(experimentRun.jobId, jobIds), ne(experimentRun.experimentId, experimentId)))
  return new Set(rows.map(({ jobId }) => jobId))
}

/** The experiments that a job is a run of. With `withoutRecord`, only those that have not stored its result yet. */
export async function experimentReferencesToJob(
  queries: Queries,
  jobId: string,
  { withoutRecord }: { withoutRecord: boolean },
): Promise<Issue[]> {
  const rows = await queries
    .selectDistinct({ id: experiment.id, name: sql<string>`${experiment.definition} ->> 'name'` })
    .from(experimentRun)
    .innerJoin(experiment, eq(experiment.id, experimentRun.experimentId))
    .where(and(eq(experimentRun.jobId, jobId), withoutRecord ? isNull(experimentRun.record) : undefined))
  return rows.map(({ id, name }) => ({
    path: id,
    code: 'experiment',
    message: `It is a run of experiment '${name}'`,
    fix: withoutRecord
      ? 'Read the report of the experiment first, which keeps what it needs, or delete the experiment'
      : 'Delete the experiment first',
  }))
}
