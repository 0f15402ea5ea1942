import { satisfies, trainingSpec, type Issue, type RunRecord, type TrainingSpec } from '@imclr/contract'
import { and, asc, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { unfinishedStates } from '../job/listJobs.js'
import { experiment, experimentRun, job, model } from '../schema.js'

/** A run with its job and, where that gave one, its model. */
export interface RunRow {
  place: number
  jobId: string
  /** Its record is kept: the model is not needed any more. */
  recorded: boolean
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
      place: experimentRun.place,
      jobId: experimentRun.jobId,
      recorded: sql<boolean>`${experimentRun.record} is not null`,
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
    .orderBy(asc(experimentRun.place))
}

/** What was kept of them, in the order of the plan. */
export async function listRecords(queries: Queries, experimentId: string): Promise<RunRecord[]> {
  const rows = await queries
    .select({ record: experimentRun.record })
    .from(experimentRun)
    .where(and(eq(experimentRun.experimentId, experimentId), isNotNull(experimentRun.record)))
    .orderBy(asc(experimentRun.place))
  return rows.map(({ record }) => record!)
}

/** Says which job is the run at a place; one that was there before is no longer. */
export async function putRun(tx: Queries, run: { experimentId: string; place: number; jobId: string }): Promise<void> {
  await tx
    .insert(experimentRun)
    .values(run)
    .onConflictDoUpdate({
      target: [experimentRun.experimentId, experimentRun.place],
      set: { jobId: run.jobId, record: null },
    })
}

/**
 * A training of just this spec on this version (or one that is evaluated further) that is on its way or has its model: nothing
 * would come of another that does not come of it. Specs that were stored before a field was there have its default. Held until the transaction ends.
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
  const { seed, subsetSeed, mode, network, epochs, trainImages } = spec // what tells most runs of one version apart
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

/** Keeps what a report needs of a run, unless its job was replaced meanwhile. */
export async function keepRecord(
  queries: Queries,
  { experimentId, place, jobId, record }: { experimentId: string; place: number; jobId: string; record: RunRecord },
): Promise<void> {
  await queries
    .update(experimentRun)
    .set({ record })
    .where(
      and(eq(experimentRun.experimentId, experimentId), eq(experimentRun.place, place), eq(experimentRun.jobId, jobId)),
    )
}

/** Which of these jobs are runs of another experiment too. */
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

/** The experiments that a job is a run of; `withoutRecord`: only those that have not kept its result yet. */
export async function experimentsOfJob(
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

/** Deletes an experiment with its runs; their jobs and models stay. */
export async function deleteExperiment(tx: Queries, experimentId: string): Promise<void> {
  await tx.delete(experiment).where(eq(experiment.id, experimentId))
}
